// A real site: several stages, .dockerignore, globs, heredocs, labels, a health check and a user of its own.
// The test also starts it.
import { type ChildProcess, spawn } from 'node:child_process'
import { chmodSync, copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openLayout, readImage, validateImage } from '../../lib/index.ts'
import { isRoot, staticBusybox } from '../support/programs.ts'
import { requires } from '../support/requires.ts'
import { run } from '../support/run.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { fixtures, succeed } from './tsbuild.ts'

const busybox = staticBusybox()

/** Builds the site into an image layout with the tag `1`. */
async function buildSite(busyboxPath: string): Promise<string> {
  const directory = temporaryDirectory()
  mkdirSync(join(directory, 'busybox/bin'), { recursive: true })
  copyFileSync(busyboxPath, join(directory, 'busybox/bin/busybox'))
  chmodSync(join(directory, 'busybox/bin/busybox'), 0o755)
  const layout = join(directory, 'layout')
  const output = `type=oci,dest=${layout},tar=false,name=site:1`
  await succeed(
    [
      '--build-context',
      `busybox=${directory}/busybox`,
      '--build-arg',
      'VERSION=1.2',
      '-o',
      output,
      join(fixtures, 'static-site'),
    ],
    { store: temporaryDirectory() },
  )
  return layout
}

test.skipIf(!busybox)('the image is valid and its config says what the Dockerfile says', async () => {
  const layout = openLayout(await buildSite(busybox ?? ''))
  expect(await validateImage(layout, layout.find())).toMatchObject({ valid: true })
  const { config } = await readImage(layout, layout.find(), { os: 'linux', architecture: 'amd64' })
  expect(config.config).toMatchObject({
    User: 'web',
    WorkingDir: '/srv/www',
    ExposedPorts: { '8080/tcp': {} },
    Volumes: { '/tmp': {} },
    StopSignal: 'SIGINT',
    Labels: { 'org.opencontainers.image.title': 'static site', 'org.opencontainers.image.version': '1.2' },
    Healthcheck: { Interval: 30e9, Timeout: 3e9 },
  })
})

test.skipIf(!busybox || !requires('umoci') || !requires('runc') || !isRoot('starting a container'))(
  'the image is started with runc and answers on loopback',
  async () => {
    const layout = await buildSite(busybox ?? '')
    const bundle = join(temporaryDirectory(), 'bundle')
    run('umoci', ['unpack', '--image', `${layout}:1`, bundle])
    expect(
      run('find', [join(bundle, 'rootfs/srv/www'), '-type', 'f', '-printf', '%P %m %U\n'])
        .split('\n')
        .sort(),
    ).toEqual(['', 'about.html 644 8080', 'assets/site.css 644 8080', 'assets/site.js 644 8080', 'index.html 644 8080'])
    const port = await freePort()
    const id = `tsbuild-test-${process.pid}`
    adaptSpec(join(bundle, 'config.json'), port)
    const container = spawn('runc', ['run', '--bundle', bundle, id], { stdio: ['ignore', 'pipe', 'pipe'] })
    try {
      const page = await fetchWhenUp(`http://127.0.0.1:${port}/`, container)
      expect(page).toContain('It works')
    } finally {
      spawn('runc', ['kill', id, 'KILL'], { stdio: 'ignore' })
      await new Promise((resolve) => container.once('close', resolve))
    }
  },
)

/** The test has no terminal and wants the container's port on this machine's loopback; cgroups may not be ours. */
function adaptSpec(path: string, port: number): void {
  const spec = JSON.parse(readFileSync(path, 'utf8'))
  spec.process.terminal = false
  spec.process.args = spec.process.args.map((arg: string) => (arg === '8080' ? `127.0.0.1:${port}` : arg))
  spec.linux.namespaces = spec.linux.namespaces.filter(
    ({ type }: { type: string }) => type !== 'network' && type !== 'cgroup',
  )
  delete spec.linux.resources
  spec.mounts = spec.mounts.filter(({ type }: { type: string }) => type !== 'sysfs' && type !== 'cgroup')
  writeFileSync(path, JSON.stringify(spec))
}

async function fetchWhenUp(url: string, container: ChildProcess): Promise<string> {
  let output = ''
  for (const stream of [container.stdout, container.stderr]) stream?.on('data', (text) => (output += text))
  for (let attempt = 0; attempt < 100; attempt++) {
    if (container.exitCode !== null) throw new Error(`the container ended with ${container.exitCode}: ${output}`)
    const response = await fetch(url).catch(() => undefined)
    if (response) return response.text()
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  throw new Error(`no answer from ${url}: ${output}`)
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0))
    })
  })
}
