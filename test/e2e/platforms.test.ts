// Several platforms as users meet them: a Dockerfile that cross-compiles, and the tools that read the result.
import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { exitProgram } from '../../lib/sandbox/emulation/exit-program.ts'
import { hasDebianRegistry, startDebianRegistry } from '../registry/debian-registry.ts'
import { staticBusybox } from '../support/programs.ts'
import { requires } from '../support/requires.ts'
import { run } from '../support/run.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { busyboxBase } from './busybox-base.ts'
import { bin, succeed, tsbuild } from './tsbuild.ts'

const busybox = staticBusybox()
const directory = mkdtempSync(join(tmpdir(), 'tsbuild-platforms-'))
const store = join(directory, 'shared')
let base = ''
beforeAll(async () => {
  if (busybox !== undefined) base = await busyboxBase(busybox, directory)
})
afterAll(() => rmSync(directory, { recursive: true, force: true }))

// A Go or C project in the usual form, with a compiler that is cheap enough for a test.
const CROSS = `FROM --platform=$BUILDPLATFORM base AS build
COPY main.c /src/
RUN echo fetching what all need && mkdir /out
ARG TARGETOS TARGETARCH TARGETVARIANT
RUN echo "$(cat /src/main.c) for $TARGETOS/$TARGETARCH/$TARGETVARIANT" > /out/app

FROM scratch
COPY --from=build /out/app /app
ENTRYPOINT ["/app"]
`
const PLATFORMS = ['linux/amd64', 'linux/arm64', 'linux/arm/v7']

function context(dockerfile: string): string {
  const path = temporaryDirectory()
  writeFileSync(join(path, 'Dockerfile'), dockerfile)
  writeFileSync(join(path, 'main.c'), 'main')
  return path
}

const words = (dockerfile: string, ...more: string[]): string[] => [
  ...['--progress=plain', '--build-context', `base=oci-layout://${base}`],
  ...more,
  context(dockerfile),
]
const all = `--platform=${PLATFORMS.join(',')}`

describe.skipIf(busybox === undefined)('a Dockerfile that cross-compiles', () => {
  test('gives each platform its own files, and runs what they share once', async () => {
    const out = temporaryDirectory()
    const files = ['-o', `${out}/files`, '--metadata-file', `${out}/meta.json`, '--iidfile', `${out}/iid`]
    const { stderr } = await succeed(words(CROSS, '--no-cache', all, ...files), { store })
    expect(readFileSync(join(out, 'files/linux_arm_v7/app'), 'utf8')).toBe('main for linux/arm/v7\n')
    expect(readFileSync(join(out, 'files/linux_arm64/app'), 'utf8')).toBe('main for linux/arm64/\n')
    expect(stderr.match(/#\d+ [\d.]+ fetching/g)).toHaveLength(1)
    const names = new Set(stderr.match(/\[linux\/amd64\S* build \d\/4\] RUN/g))
    expect([...names].sort()).toEqual([
      '[linux/amd64 build 3/4] RUN',
      '[linux/amd64 build 4/4] RUN',
      '[linux/amd64->arm/v7 build 4/4] RUN',
      '[linux/amd64->arm64 build 4/4] RUN',
    ])
    const metadata = JSON.parse(readFileSync(join(out, 'meta.json'), 'utf8'))
    expect(metadata['containerimage.descriptor']).toMatchObject({
      mediaType: 'application/vnd.oci.image.index.v1+json',
      digest: metadata['containerimage.digest'],
    })
    expect(readFileSync(join(out, 'iid'), 'utf8')).toBe(metadata['containerimage.digest'])
  })

  test.skipIf(!requires('skopeo'))('gives a layout from which skopeo takes each of them', async () => {
    const out = temporaryDirectory()
    await succeed(words(CROSS, all, '-o', `type=oci,dest=${out}/app.tar,name=app:1`), { store })
    const index = JSON.parse(run('skopeo', ['inspect', '--raw', `oci-archive:${out}/app.tar`]))
    expect(index.manifests.map(({ platform }: { platform: object }) => platform)).toEqual([
      { architecture: 'amd64', os: 'linux' },
      { architecture: 'arm64', os: 'linux' },
      { architecture: 'arm', os: 'linux', variant: 'v7' },
    ])
    run('skopeo', ['--override-arch=arm64', 'copy', `oci-archive:${out}/app.tar`, `oci:${out}/arm64:1`])
    const config = JSON.parse(run('skopeo', ['inspect', '--config', `oci:${out}/arm64:1`]))
    expect(config).toMatchObject({ os: 'linux', architecture: 'arm64', config: { Entrypoint: ['/app'] } })
  })

  test.skipIf(!hasDebianRegistry() || !requires('skopeo'))('is pushed whole, by build and by push', async () => {
    const host = await startDebianRegistry()
    const own = temporaryDirectory()
    await succeed(words(CROSS, all, '-t', `${host}/app:1`, '-t', `${host}/app:latest`, '--push'), { store: own })
    const raw = (tag: string): string =>
      run('skopeo', ['inspect', '--raw', '--tls-verify=false', `docker://${host}/${tag}`])
    expect(JSON.parse(raw('app:1')).manifests).toHaveLength(3)
    expect(raw('app:latest')).toBe(raw('app:1'))
    run('skopeo', ['copy', '--all', '--src-tls-verify=false', `docker://${host}/app:1`, `oci:${own}/copy:1`])

    await succeed(words(CROSS, all, '-t', 'app'), { store })
    const images = await succeed(['images'], { store })
    expect(images.stdout).toContain('linux/amd64, linux/arm64, linux/arm/v7')
    await succeed(['push', 'app', `${host}/other:1`], { store })
    expect(JSON.parse(raw('other:1')).manifests).toHaveLength(3)
    await succeed(['pull', '--platform=linux/arm64', `${host}/other:1`], { store: own })
    const inspected = await succeed(['inspect', `${host}/other:1`], { store: own })
    expect(JSON.parse(inspected.stdout)).toMatchObject({
      index: { mediaType: 'application/vnd.oci.image.index.v1+json' },
      config: { architecture: 'arm64' },
    })
  })
})

const FOREIGN = 'FROM scratch\nCOPY main.c /\nRUN ["/main.c"]\n'
// One that no machine runs by itself, and that nobody registers an emulator for by accident.
const strange = 'linux/loong64'

test.each([[strange], [`linux/amd64,${strange}`]])(
  'RUN for %s is refused where its programs can not be run, before anything is built',
  async (platforms) => {
    const refused = await tsbuild(['--progress=plain', `--platform=${platforms}`, context(FOREIGN)], { store })
    expect(refused).toMatchObject({ code: 1, stdout: '' })
    expect(refused.stderr).toMatch(
      /^\S+Dockerfile:3:1: error: this RUN is for linux\/loong64, whose programs can't be run/,
    )
    expect(refused.stderr).toMatch(/hint: .*tonistiigi\/binfmt --install loong64.*qemu-user-static.*BUILDPLATFORM/)
  },
)

test('without RUN any platform is built anywhere', async () => {
  const { stderr } = await succeed([`--platform=${strange},linux/s390x`, context('FROM scratch\nCOPY main.c /\n')], {
    store,
  })
  expect(stderr).toMatch(/linux\/loong64\n.*linux\/s390x/)
})

const QEMU = '/usr/bin/qemu-loongarch64-static'
// Emulators of a user namespace's own, since Linux 6.7.
const OWN_EMULATORS = ['unshare', '--user', '--map-root-user', '--mount', 'sh', '-ec']
const register = (flags: string): string =>
  `mount -t binfmt_misc none /proc/sys/fs/binfmt_misc
  echo ':tsbuild-test:M::\\x7fELF\\x02\\x01\\x01\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x02\\x00\\x02\\x01::${QEMU}:${flags}' > /proc/sys/fs/binfmt_misc/register`

function canRegister(): boolean {
  const [program = '', ...args] = OWN_EMULATORS
  const works = existsSync(QEMU) && spawnSync(program, [...args, register('F')]).status === 0
  if (!works) console.warn(`skipped: ${QEMU} is not there, or can't be registered in a user namespace`)
  return works
}

describe.skipIf(!canRegister())('where an emulator is registered', () => {
  function build(flags: string, dockerfile: string): { readonly stderr: string; readonly status: number | null } {
    const path = context(dockerfile)
    writeFileSync(join(path, 'program'), exitProgram('loong64') ?? '', { mode: 0o755 })
    copyFileSync(QEMU, join(path, 'qemu'))
    const [program = '', ...args] = OWN_EMULATORS
    const command = `${register(flags)}\nexec ${process.execPath} ${bin} --progress=plain --platform=linux/loong64 ${path}`
    const env = { ...process.env, TSBUILD_HOME: temporaryDirectory() }
    return spawnSync(program, [...args, command], { encoding: 'utf8', env })
  }
  const PROGRAM = 'COPY program /program\nRUN ["/program"]\n'

  test.each([
    ['with F', 'F', `FROM scratch\n${PROGRAM}`],
    ['without F, and is in the image', '', `FROM scratch\nCOPY qemu ${QEMU}\n${PROGRAM}`],
  ])('%s, RUN runs programs of its architecture', (_, flags, dockerfile) => {
    // The exit code that only that program has.
    expect(build(flags, dockerfile).stderr).toContain('process "/program" did not complete successfully: exit code: 42')
  })

  test('without F, and is not in the image, RUN says so', () => {
    const { status, stderr } = build('', `FROM scratch\n${PROGRAM}`)
    expect(status).toBe(1)
    expect(stderr).toContain(
      `their emulator ${QEMU} is not in the image, and tsbuild-test is registered without the flag F`,
    )
  })
})
