// A small image whose layers show every wrong byte below them, and the command line that builds it.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

export const TSBUILD: string = resolve(import.meta.dirname, '../../bin/tsbuild.js')

/** A static shell for the image: Debian's busybox-static. */
export const BUSYBOX = '/bin/busybox'

/** The first step prints this when it runs on layers that were just unpacked, and begins to sleep. */
export const PAUSING = 'the step sleeps'

const DOCKERFILE = `FROM scratch
COPY root /
COPY data /data
RUN --mount=type=secret,id=pause echo ${PAUSING} && sleep "$(cat /run/secrets/pause)" && cat /data/* | sha256sum > /sums
RUN sha256sum /bin/busybox /data/* >> /sums
RUN --mount=type=cache,target=/cache,sharing=locked wc -c /data/* >> /sums
`

/** Writes the build context into a directory. */
export function writeProject(directory: string): void {
  for (const path of ['root/bin', 'data']) mkdirSync(join(directory, path), { recursive: true })
  copyFileSync(BUSYBOX, join(directory, 'root/bin/busybox'))
  for (const name of ['sh', 'sleep', 'cat', 'sha256sum', 'wc'])
    symlinkSync('busybox', join(directory, 'root/bin', name))
  for (let at = 0; at < 100; at++) writeFileSync(join(directory, 'data', `f${at}`), `${at}\n`.repeat(at * 40))
  writeFileSync(join(directory, 'Dockerfile'), DOCKERFILE)
}

export interface BuildChoices {
  readonly store: string
  /** Seconds that the first step sleeps. */
  readonly pause?: number
  readonly args?: readonly string[]
  /** Arguments that go before the command line, of a program that becomes it. */
  readonly within?: readonly string[]
}

export interface EndedBuild {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  /** The digest of the image, or what else was printed. */
  readonly stdout: string
  readonly stderr: string
}

export interface StartedBuild {
  readonly process: ChildProcess
  /** Resolves when the first step begins to sleep, or when the build has ended. */
  readonly pausing: Promise<unknown>
  readonly ended: Promise<EndedBuild>
}

/** Starts to build the project. Equal files give equal digests. */
export function startBuild(project: string, { store, pause = 0, args = [], within = [] }: BuildChoices): StartedBuild {
  // A secret leaves no trace in the image.
  const command = [process.execPath, TSBUILD, 'build', '--secret', 'id=pause,env=PAUSE', ...args, project]
  const [file = '', ...rest] = [...within, ...command]
  const env = { ...process.env, TSBUILD_HOME: store, PAUSE: String(pause), SOURCE_DATE_EPOCH: '1', NO_COLOR: '1' }
  const { process: child, text, ended } = follow(file, rest, env)
  const pausing = new Promise<void>((resolve) => {
    child.stderr?.on('data', () => new RegExp(`^#\\d+ [\\d.]+ ${PAUSING}$`, 'm').test(text.stderr) && resolve())
  })
  return { process: child, ended, pausing: Promise.race([pausing, ended]) }
}

/** Starts another command on a store. */
export function startCommand(
  args: readonly string[],
  { store, within = [] }: Pick<BuildChoices, 'store' | 'within'>,
): Pick<StartedBuild, 'process' | 'ended'> {
  const env = { ...process.env, TSBUILD_HOME: store, NO_COLOR: '1' }
  const [file = '', ...rest] = [...within, process.execPath, TSBUILD, ...args]
  return follow(file, rest, env)
}

/** Spawns a program and collects what it prints. */
function follow(file: string, args: readonly string[], env: NodeJS.ProcessEnv) {
  const child: ChildProcess = spawn(file, args, { env, stdio: ['ignore', 'pipe', 'pipe'] })
  const text = { stdout: '', stderr: '' }
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream]?.setEncoding('utf8').on('data', (chunk: string) => {
      text[stream] += chunk
    })
  }
  const ended = once(child, 'close').then(([code, signal]): EndedBuild => ({ code, signal, ...text }))
  return { process: child, text, ended }
}

/** Builds the project and returns the digest of the image. Throws what a failing build printed. */
export async function buildDigest(project: string, choices: BuildChoices): Promise<string> {
  const args = ['-q', ...(choices.args ?? [])]
  const { code, signal, stdout, stderr } = await startBuild(project, { ...choices, args }).ended
  if (code === 0) return stdout.trim()
  throw new Error(`a build ended with ${code ?? signal}: ${stderr.trim().split('\n').slice(-6).join(' | ')}`)
}
