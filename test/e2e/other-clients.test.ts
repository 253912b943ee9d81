// tsbuild builds on images that docker, buildah and podman push, and they run the images that tsbuild pushes.
// The registry is Debian's docker-registry.
import { spawn } from 'node:child_process'
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { hasDebianRegistry, startDebianRegistry } from '../registry/debian-registry.ts'
import { isRoot, staticBusybox } from '../support/programs.ts'
import { requires } from '../support/requires.ts'
import { run } from '../support/run.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { succeed } from './tsbuild.ts'

const busybox = staticBusybox()
const isHere = (...programs: readonly string[]): boolean =>
  busybox !== undefined &&
  hasDebianRegistry() &&
  programs.every(requires) &&
  isRoot(`running containers with ${programs.at(-1)}`)

/** Starts Docker's daemon until the test ends, and gives a way to run its client. */
async function startDocker(): Promise<(...args: string[]) => string> {
  const directory = temporaryDirectory()
  const socket = `unix://${join(directory, 'docker.sock')}`
  const places = ['data-root', 'exec-root', 'pidfile'].map((name) => `--${name}=${join(directory, name)}`)
  // No network but the host's, and no mounts for layers: it works in a container, too.
  const without = ['--iptables=false', '--bridge=none', '--storage-driver=vfs']
  const child = spawn('dockerd', [`--host=${socket}`, ...places, ...without], { stdio: 'ignore' })
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  onTestFinished(async () => {
    child.kill()
    await gone
  })
  const docker = (...args: string[]): string => run('docker', ['--host', socket, ...args])
  for (let attempt = 0; ; attempt++) {
    try {
      docker('version')
      return docker
    } catch (error) {
      if (attempt === 100) throw error
      await sleep(100)
    }
  }
}

interface Place {
  readonly registry: string
  /** An image with a file, and busybox. */
  readonly context: string
}

async function prepare(): Promise<Place> {
  const context = temporaryDirectory()
  copyFileSync(busybox ?? '', join(context, 'busybox'))
  writeFileSync(join(context, 'file'), 'of the base\n')
  return { registry: await startDebianRegistry(), context }
}

/** Builds on a base from the registry and pushes the result, which shows what it has of the base. */
async function buildOn(base: string, { registry, context }: Place): Promise<string> {
  const name = `${registry}/tsbuild/app:1`
  const text = `FROM ${base}\nCOPY --chmod=755 busybox /bin/busybox\nENTRYPOINT ["/bin/busybox"]\nCMD ["cat", "/base/file"]\n`
  writeFileSync(join(context, 'Dockerfile'), text)
  await succeed(['-q', '-t', name, '--push', context], { store: temporaryDirectory() })
  return name
}

test.skipIf(!isHere('dockerd', 'docker'))(
  'docker pushes a base, and runs what is built on it',
  async () => {
    const place = await prepare()
    const docker = await startDocker()
    const base = `${place.registry}/docker/base:1`
    const tar = join(temporaryDirectory(), 'base.tar')
    mkdirSync(join(place.context, 'base'))
    copyFileSync(join(place.context, 'file'), join(place.context, 'base/file'))
    run('tar', ['-cf', tar, '-C', place.context, 'base'])
    docker('import', '--change', 'ENV FROM_DOCKER=yes', tar, base)
    docker('push', base)
    const built = await buildOn(base, place)
    expect(docker('run', '--rm', '--network=none', built)).toBe('of the base\n')
    expect(docker('run', '--rm', '--network=none', built, 'env')).toContain('FROM_DOCKER=yes')
  },
  120_000,
)

test.skipIf(!isHere('buildah', 'runc', 'podman'))(
  'buildah pushes a base, and podman runs what is built on it',
  async () => {
    const place = await prepare()
    const directory = temporaryDirectory()
    const storage = [`--root=${directory}/root`, `--runroot=${directory}/run`, '--storage-driver=vfs']
    const buildah = (...args: string[]): string => run('buildah', [...storage, ...args])
    const base = `${place.registry}/buildah/base:1`
    const container = buildah('from', 'scratch').trim()
    buildah('copy', '--quiet', container, join(place.context, 'file'), '/base/file')
    buildah('config', '--env', 'FROM_BUILDAH=yes', container)
    buildah('commit', '--quiet', container, base)
    buildah('push', '--quiet', '--tls-verify=false', base)
    buildah('rm', container)
    const built = await buildOn(base, place)
    // The defaults for what is not tested are of a system with systemd.
    const limits = ['--ulimit=nofile=1024:1024', '--ulimit=nproc=1024:1024']
    const podman = (...args: string[]): string =>
      run('podman', [...storage, '--runtime=runc', '--cgroup-manager=cgroupfs', ...args])
    const start = ['run', '--rm', '--quiet', '--tls-verify=false', '--network=none', ...limits, built]
    expect(podman(...start)).toBe('of the base\n')
    expect(podman(...start, 'env')).toContain('FROM_BUILDAH=yes')
    podman('rmi', '--all', '--force')
  },
  120_000,
)
