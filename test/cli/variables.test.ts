import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { unmetVariables, VARIABLES } from '../../lib/cli/variables.ts'
import { defaultPlatform } from '../../lib/oci/platform.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { type CliOptions, type CliRun, cli } from './run-cli.ts'

const other = defaultPlatform().architecture === 'arm64' ? 'amd64' : 'arm64'

let root = ''
beforeEach(() => {
  root = temporaryDirectory()
  writeFileSync(join(root, 'Dockerfile'), 'FROM scratch\nCOPY Dockerfile /\n')
})

function build(
  env: Readonly<Record<string, string>>,
  args: readonly string[] = [],
  more: CliOptions = {},
): Promise<CliRun> {
  return cli(['build', '--store', join(root, 'store'), ...args, root], { env, ...more })
}

/** The architecture of the image that a build writes. */
async function architecture(env: Readonly<Record<string, string>>, args: readonly string[] = []): Promise<string> {
  const file = join(root, 'metadata.json')
  expect(await build(env, ['--metadata-file', file, ...args])).toMatchObject({ code: 0 })
  return JSON.parse(readFileSync(file, 'utf8'))['containerimage.descriptor'].platform.architecture
}

test('docs/cli.md has the same table', () => {
  const page = readFileSync(resolve(import.meta.dirname, '../../docs/cli.md'), 'utf8')
  const section = page.split('### Variables of docker\n')[1]?.split('\n### ')[0] ?? ''
  const rows = [...section.matchAll(/^\| `(\w+)` \| (\w+) \| .+ \|$/gm)].map(([, name, effect]) => ({ name, effect }))
  expect(rows).toEqual(VARIABLES.map(({ name, effect }) => ({ name, effect })))
})

describe('DOCKER_DEFAULT_PLATFORM', () => {
  test('is the platform of a build without --platform', async () => {
    expect(await architecture({ DOCKER_DEFAULT_PLATFORM: `linux/${other}` })).toBe(other)
    const asked = ['--platform', `linux/${defaultPlatform().architecture}`]
    expect(await architecture({ DOCKER_DEFAULT_PLATFORM: `linux/${other}` }, asked)).not.toBe(other)
    expect(await architecture({ DOCKER_DEFAULT_PLATFORM: '' })).not.toBe(other)
  })

  test('may have several platforms, and is refused if it has none', async () => {
    const file = join(root, 'metadata.json')
    await build({ DOCKER_DEFAULT_PLATFORM: 'linux/amd64,linux/arm64' }, ['--metadata-file', file])
    expect(JSON.parse(readFileSync(file, 'utf8'))['containerimage.descriptor'].mediaType).toContain('index')
    expect((await build({ DOCKER_DEFAULT_PLATFORM: 'linux/' })).stderr).toContain('PLATFORM_INVALID')
  })

  test('holds in checks and graphs, too', async () => {
    writeFileSync(join(root, 'Dockerfile'), 'ARG TARGETARCH\nFROM scratch AS for-$TARGETARCH\n')
    const dockerfile = 'FROM scratch AS base-arm64\nFROM scratch AS base-amd64\nARG TARGETARCH\nFROM base-$TARGETARCH\n'
    mkdirSync(join(root, 'app'))
    writeFileSync(join(root, 'app/Dockerfile'), `ARG TARGETARCH\n${dockerfile}COPY Dockerfile /\n`)
    const env = { DOCKER_DEFAULT_PLATFORM: `linux/${other}` }
    const { stdout } = await cli(['graph', '--format', 'json', join(root, 'app')], { env })
    expect(stdout).toContain(`"${other}"`)
  })
})

describe('BUILDKIT_PROGRESS', () => {
  test('is the default of --progress', async () => {
    expect((await build({ BUILDKIT_PROGRESS: 'quiet' })).stdout).toMatch(/^sha256:[0-9a-f]{64}\n$/)
    expect((await build({ BUILDKIT_PROGRESS: 'none' })).stderr).toBe('')
    expect((await build({ BUILDKIT_PROGRESS: 'plain' }, [], { tty: ['err'] })).stderr).not.toContain('\x1b[?25l')
    expect((await build({ BUILDKIT_PROGRESS: 'rawjson' }, ['--progress=auto'])).stderr).toMatch(/^\{/)
    expect((await build({ BUILDKIT_PROGRESS: 'rawjson' }, ['--progress=plain'])).stderr).toMatch(/^#1 /m)
    expect((await build({ BUILDKIT_PROGRESS: 'rawjson' }, ['-q'])).stdout).toMatch(/^sha256:/)
  })

  test('makes errors of a build JSON, and of nothing else', async () => {
    const env = { BUILDKIT_PROGRESS: 'rawjson' }
    const { stderr } = await build(env, ['--target', 'none'])
    expect(
      stderr
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line).type),
    ).toContain('error')
    expect((await cli(['rmi', '--store', join(root, 'store'), 'none'], { env })).stderr).toMatch(/^error: /)
  })

  test('is refused if it is no kind of progress', async () => {
    const { code, stderr } = await build({ BUILDKIT_PROGRESS: 'fancy' })
    expect([code, stderr]).toEqual([2, expect.stringContaining('BUILDKIT_PROGRESS can\'t be "fancy"')])
  })
})

describe('a variable that asks for something that is not done', () => {
  const unmet = VARIABLES.filter(({ effect }) => effect === 'warning').map(({ name }) => name)
  const values: Readonly<Record<string, string>> = { DOCKER_BUILDKIT: '0' }

  test.each(unmet)('%s is named in a warning of the build', async (name) => {
    const { code, stderr } = await build({ [name]: values[name] ?? '1' })
    expect([code, stderr]).toEqual([
      0,
      expect.stringMatching(new RegExp(`warning: the variable ${name} has no effect: .+`)),
    ])
  })

  test('is silent if it is empty, or asks for what tsbuild does', async () => {
    expect(unmetVariables(Object.fromEntries(unmet.map((name) => [name, ''])))).toEqual([])
    const met = {
      DOCKER_BUILDKIT: '1',
      DOCKER_CONTEXT: 'default',
      BUILDX_BUILDER: 'default',
      DOCKER_CONTENT_TRUST: '0',
      BUILDX_DEFAULT_POLICY: 'false',
      BUILDX_GIT_LABELS: '0',
      BUILDX_METADATA_PROVENANCE: 'disabled',
      BUILDX_METADATA_WARNINGS: 'F',
    }
    expect(unmetVariables(met)).toEqual([])
  })

  test('is an event like any other warning', async () => {
    const { stderr } = await build({ BUILDX_BUILDER: 'cloud' }, ['--progress=rawjson'])
    expect(
      stderr
        .split('\n')
        .filter((line) => line.includes('BUILDX_BUILDER'))
        .map((line) => JSON.parse(line).type),
    ).toEqual(['warning'])
  })
})
