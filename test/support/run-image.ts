// Starts what was built as a container: runc, Docker's capabilities, a network of its own with nothing but loopback.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { ociConfig } from '../../lib/sandbox/oci/oci-config.ts'
import { run } from './run.ts'

export interface Container {
  /** The output of a command that runs in the image. */
  exec(...command: string[]): string
  /** The body of the answer to a GET from the container's network; tries until something answers. */
  get(url: string): Promise<string>
  stop(): Promise<void>
}

interface ImageConfig {
  readonly Env?: readonly string[]
  readonly Entrypoint?: readonly string[]
  readonly Cmd?: readonly string[]
  readonly User?: string
  readonly WorkingDir?: string
}

/** The config of the one image of an OCI layout. */
export function imageConfig(layout: string): ImageConfig {
  const blob = (digest: string) => JSON.parse(readFileSync(join(layout, 'blobs', digest.replace(':', '/')), 'utf8'))
  const index = JSON.parse(readFileSync(join(layout, 'index.json'), 'utf8'))
  return blob(blob(index.manifests[0].digest).config.digest).config
}

/** Unpacks the image's files from a tar below an empty directory, as root, and writes runc's bundle for them. */
function makeBundle(directory: string, id: string, tar: string, config: ImageConfig, args: readonly string[]): string {
  const root = join(directory, 'root')
  const bundle = join(directory, 'bundle')
  mkdirSync(root, { recursive: true })
  mkdirSync(bundle)
  run('tar', ['--numeric-owner', '-xpf', tar, '-C', root])
  const spec = ociConfig(
    {
      id,
      root,
      scratch: bundle,
      args: [...(config.Entrypoint ?? []), ...(args.length > 0 ? args : (config.Cmd ?? []))],
      env: config.Env ?? [],
      cwd: config.WorkingDir ?? '/',
      user: { ...userOf(root, config.User), groups: [] },
      mounts: [],
      hostname: 'example',
      network: 'none',
      insecure: false,
      resourceLimits: [],
      controlLimits: {},
      shmSize: 64 << 20,
    },
    {
      namespaces: { mapping: 'root', mounts: true, processes: true, launcher: [] },
      capabilities: (1n << 41n) - 1n,
      cgroups: false,
      arch: process.arch,
    },
  )
  writeFileSync(join(bundle, 'config.json'), JSON.stringify(spec))
  return bundle
}

function userOf(root: string, user = '0:0'): { readonly uid: number; readonly gid: number } {
  if (/^\d+:\d+$/.test(user)) {
    const [uid = 0, gid = 0] = user.split(':').map(Number)
    return { uid, gid }
  }
  const line = readFileSync(join(root, 'etc/passwd'), 'utf8')
    .split('\n')
    .find((text) => text.startsWith(`${user}:`))
  if (line === undefined) throw new Error(`no user ${user} in the image`)
  const [uid = 0, gid = 0] = line.split(':').slice(2, 4).map(Number)
  return { uid, gid }
}

/** Runs an image to its end and gives what it prints. */
export function runToEnd(directory: string, tar: string, config: ImageConfig, args: readonly string[]): string {
  const id = `example-${process.pid}-once`
  return run('runc', [...stateIn(directory), 'run', '-b', makeBundle(directory, id, tar, config, args), id])
}

/** Starts an image; the container lives until it is stopped. */
export function startImage(directory: string, tar: string, config: ImageConfig): Container {
  const id = `example-${process.pid}-${++started}`
  const state = stateIn(directory)
  const bundle = makeBundle(directory, id, tar, config, [])
  const child = spawn('runc', [...state, 'run', '-b', bundle, id], { stdio: ['ignore', 'pipe', 'pipe'] })
  let printed = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      printed += text
    })
  }
  const ended = new Promise<void>((done) => child.on('close', () => done()))
  return {
    exec: (...command) => run('runc', [...state, 'exec', id, ...command]),
    get: (url) =>
      getFrom(
        () => JSON.parse(run('runc', [...state, 'state', id])).pid,
        url,
        child,
        () => printed,
      ),
    stop: async () => {
      spawnSync('runc', [...state, 'kill', id, 'KILL'])
      await ended
    },
  }
}

let started = 0
const stateIn = (directory: string): readonly string[] => ['--root', join(directory, 'state')]

async function getFrom(pid: () => number, url: string, child: ChildProcess, printed: () => string): Promise<string> {
  for (let tries = 0; ; tries++) {
    await wait(250)
    if (child.exitCode !== null) throw new Error(`the container ended with ${child.exitCode}: ${printed()}`)
    try {
      return run('nsenter', ['-t', `${pid()}`, '-n', process.execPath, '-e', GET, url])
    } catch (error) {
      if (tries === 80) throw new Error(`nothing answers at ${url}: ${printed()}`, { cause: error })
    }
  }
}

const GET =
  'fetch(process.argv[1]).then(async (r) => { if (!r.ok) throw new Error(`${r.status}`); process.stdout.write(await r.text()) })'
