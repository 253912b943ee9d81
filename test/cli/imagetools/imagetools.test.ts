import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, expect, onTestFinished, test, vi } from 'vitest'
import { startRegistry, type TestRegistry } from '../../registry/test-registry.ts'
import { memoryStore, putImage } from '../../support/memory-store.ts'
import { temporaryDirectory } from '../../support/temporary-directory.ts'
import { cli } from '../run-cli.ts'

let registry: TestRegistry
let directory: string
const digests = new Map<string, string>()

beforeEach(async () => {
  registry = await startRegistry()
  directory = temporaryDirectory()
  const store = memoryStore()
  for (const architecture of ['amd64', 'arm64']) {
    const image = putImage(store, [Buffer.alloc(99, architecture)], { platform: { os: 'linux', architecture } })
    await registry.add('app', architecture, store, image.descriptor)
    digests.set(architecture, image.descriptor.digest)
  }
  vi.stubEnv('DOCKER_CONFIG', join(directory, 'docker'))
  onTestFinished(() => {
    vi.unstubAllEnvs()
  })
})

test('create joins images, says what it did, and inspect shows it', async () => {
  const { host } = registry
  const app = `${host}/app`
  const metadata = join(directory, 'metadata.json')
  const file = join(directory, 'source')
  writeFileSync(file, `${app}:amd64\n`)
  const created = await cli([
    'imagetools',
    'create',
    ...['-t', `${app}:1`, '--tag', `${host}/b:1`, '-f', file, '--metadata-file', metadata, `${app}:arm64`],
  ])
  const [, digest = ''] = /:1 (sha256:\w{64})\n/.exec(created.stdout) ?? []
  expect(created).toEqual({
    code: 0,
    stdout: `${app}:1 ${digest}\n${host}/b:1 ${digest}\n`,
    stderr: expect.stringMatching(/^#1 creating .*\n#1 DONE .*\n\ncopied: 4 mounted\n$/s),
  })
  expect(JSON.parse(readFileSync(metadata, 'utf8'))).toEqual({
    'containerimage.descriptor': {
      mediaType: 'application/vnd.oci.image.index.v1+json',
      digest,
      size: registry.repository('app').manifests.get('1')?.bytes.byteLength,
    },
    'image.name': `${app},${host}/b`,
  })
  expect(await cli(['imagetools', 'inspect', `${app}:1`])).toEqual({
    code: 0,
    stderr: '',
    stdout: [
      `Name:      ${app}:1`,
      'MediaType: application/vnd.oci.image.index.v1+json',
      `Digest:    ${digest}`,
      '',
      'Manifests:',
      `  Name:      ${app}@${digests.get('amd64')}`,
      '  MediaType: application/vnd.oci.image.manifest.v1+json',
      '  Platform:  linux/amd64',
      '',
      `  Name:      ${app}@${digests.get('arm64')}`,
      '  MediaType: application/vnd.oci.image.manifest.v1+json',
      '  Platform:  linux/arm64',
      '',
    ].join('\n'),
  })
  const raw = await cli(['imagetools', 'inspect', '--raw', `${app}:1`])
  expect(raw.stdout).toBe(registry.repository('app').manifests.get('1')?.bytes.toString())
  const format = '{{.Name}} {{.Manifest.Digest}} {{(index .Image "linux/arm64").Architecture}}'
  const formatted = await cli(['imagetools', 'inspect', '--format', format, `${app}:1`])
  expect(formatted.stdout).toBe(`${app}:1 ${digest} arm64\n`)
  const single = await cli(['imagetools', 'inspect', '--format', '{{json .Image.Config.Cmd}}', `${app}:amd64`])
  expect(JSON.parse(single.stdout)).toEqual(['/bin/true'])
  expect((await cli(['imagetools', 'tags', app])).stdout).toBe('1\namd64\narm64\n')
})

test('create says what it replaced, and with --dry-run prints the index', async () => {
  const name = `${registry.host}/app:1`
  const store = memoryStore()
  const newer = putImage(store, [Buffer.from('newer')], { platform: { os: 'linux', architecture: 'arm64' } })
  await registry.add('app', 'newer', store, newer.descriptor)
  await cli(['imagetools', 'create', '-t', name, `${registry.host}/app:arm64`, `${registry.host}/app:amd64`])
  const append = ['imagetools', 'create', '--append', '-t', name, `${registry.host}/app:newer`]
  const dry = await cli([...append, '--dry-run', '--platform', 'linux/arm64', '--annotation', 'index:a=b'])
  expect(JSON.parse(dry.stdout)).toMatchObject({
    annotations: { a: 'b' },
    manifests: [{ digest: newer.descriptor.digest }],
  })
  const [from, to] = [digests.get('arm64') ?? '', newer.descriptor.digest].map((digest) => digest.slice(7, 19))
  expect((await cli(append)).stderr).toContain(`\nreplaced: linux/arm64 ${from} by ${to}\n`)
  expect((await cli([...append, '--progress=none'])).stderr).toBe('')
})

test('referrers are listed', async () => {
  const name = `${registry.host}/app:amd64`
  const none = await cli(['imagetools', 'referrers', '--artifact-type', 'x/y', name])
  expect(none).toEqual({
    code: 0,
    stdout: '',
    stderr: `nothing with type "x/y" refers to ${digests.get('amd64')}\n`,
  })
  const entry = {
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    digest: digests.get('arm64'),
    size: 1234,
    artifactType: 'x/y',
  }
  const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, manifests: [entry] }))
  registry.repository('app').manifests.set(digests.get('amd64')?.replace(':', '-') ?? '', {
    type: 'application/vnd.oci.image.index.v1+json',
    bytes,
  })
  const { stdout } = await cli(['imagetools', 'referrers', name])
  expect(stdout).toMatch(new RegExp(`^DIGEST +ARTIFACT TYPE +SIZE\n${entry.digest}  x/y +1.23 kB\n$`))
  expect(JSON.parse((await cli(['imagetools', 'referrers', '--json', name])).stdout)).toEqual({
    name,
    subject: digests.get('amd64'),
    manifests: [entry],
  })
})

test.each<[string, readonly string[], number, string]>([
  ['no source', ['create', '-t', 'app'], 2, 'error: SOURCE is missing [OPTION_INVALID]\n'],
  ['no name', ['create', 'app'], 2, 'error: the index has no name to be pushed under [OPTION_INVALID]\n'],
  ['a file that is not there', ['create', '-t', 'app', '-f', '/no/such/file'], 1, `error: can't read "/no/such/file"`],
  ['a wrong annotation', ['create', '-t', 'app', '--annotation', 'x', 'app'], 2, 'error: invalid annotation "x"'],
  ['raw and format', ['inspect', '--raw', '--format', 'x', 'app'], 2, 'error: --raw and --format cannot be combined'],
  [
    'a format beyond it',
    ['inspect', '--format', '{{range .}}', 'app'],
    2,
    `error: --format does not support "{{range .}}"`,
  ],
  [
    'a builder',
    ['create', '--builder', 'x', 'app'],
    2,
    'error: --builder is not supported yet [UNSUPPORTED]\nhint: remove it: tsbuild has no builders',
  ],
  [
    'no such command',
    ['crate'],
    2,
    'error: there is no command "imagetools crate" [OPTION_INVALID]\nhint: did you mean tsbuild imagetools create?',
  ],
])('%s: usage', async (_, args, code, text) => {
  const run = await cli(['imagetools', ...args])
  expect(run).toMatchObject({ code, stdout: '' })
  expect(run.stderr).toContain(text)
})

test.each([[['imagetools']], [['imagetools', '--help']], [['help', 'imagetools']]])(
  '%s lists the commands of the group',
  async (args) => {
    const { code, stdout } = await cli(args)
    expect(code).toBe(0)
    for (const name of ['create', 'inspect', 'referrers', 'tags']) expect(stdout).toContain(`  imagetools ${name} `)
  },
)

test.each([
  [['imagetools', 'create', '--help']],
  [['help', 'imagetools', 'create']],
  [['-D', 'imagetools', '-D', 'create', '-h']],
])('%s explains the command', async (args) => {
  expect((await cli(args)).stdout).toContain('tsbuild imagetools create [OPTIONS] -t NAME SOURCE...')
})
