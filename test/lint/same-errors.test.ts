// A build and a check evaluate a Dockerfile in one way: what one refuses, the other refuses with the same words
// at the same place.
import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { failOnErrors, TsbuildError } from '../../lib/base/errors.ts'
import { createGraph } from '../../lib/graph/create-graph.ts'
import type { ResolvedName } from '../../lib/graph/resolved-name.ts'
import { checkDockerfile } from '../../lib/lint/lint.ts'
import type { LintOptions } from '../../lib/lint/lint-options.ts'
import type { ContainerConfig, Platform } from '../../lib/oci/types.ts'
import { parse } from '../../lib/parser/index.ts'
import { graphErrors } from '../graph/error-cases.ts'
import { dockerfileText } from '../parser/arbitrary-dockerfile.ts'
import { lintErrors } from './error-cases.ts'

interface World {
  readonly target?: string | undefined
  readonly buildArgs?: Readonly<Record<string, string>>
  /** The configs of images by name; those of others are empty. */
  readonly images?: Readonly<Record<string, ContainerConfig>>
}

const amd64: Platform = { os: 'linux', architecture: 'amd64' }

/** All that a user sees of an error. */
const shown = ({ code, message, hint, location, others }: TsbuildError): object => ({
  code,
  message,
  hint,
  file: location?.file.name,
  span: location?.span,
  others: others.map((other) => [other.code, other.message, other.location?.span]),
})

async function errorOfBuild(text: string, { images = {}, ...options }: World): Promise<object | undefined> {
  const resolveImage = (name: string, platform: Platform): ResolvedName => {
    const descriptor = {
      mediaType: '',
      digest: `sha256:${Buffer.from(name).toString('hex').padEnd(64, '0')}`,
      size: 1,
    } as const
    const config = { ...platform, config: images[name] ?? {}, rootfs: { type: 'layers', diff_ids: [] } } as const
    return { kind: 'image', image: { name, descriptor, config } }
  }
  try {
    const dockerfile = parse(text, { name: 'Dockerfile' })
    failOnErrors(dockerfile.file, dockerfile.diagnostics)
    await createGraph(dockerfile, {
      ...options,
      platform: amd64,
      buildPlatform: amd64,
      resolve: (name, platform) => Promise.resolve(resolveImage(name, platform)),
    })
    return undefined
  } catch (error) {
    if (error instanceof TsbuildError) return shown(error)
    throw error
  }
}

function errorOfCheck(text: string, { images = {}, ...world }: World, more: LintOptions = {}): object | undefined {
  const { error } = checkDockerfile(parse(text, { name: 'Dockerfile' }), {
    ...world,
    platform: 'linux/amd64',
    baseImage: (name, platform) => {
      const { Env, OnBuild } = images[name] ?? {}
      return { platform, env: Env ?? [], onBuild: OnBuild, workdir: '/' }
    },
    ...more,
  })
  return error && shown(error)
}

/** Every Dockerfile of a directory, as title and text. */
function dockerfilesIn(directory: string): readonly (readonly [string, string])[] {
  const path = resolve(import.meta.dirname, '../..', directory)
  const files = readdirSync(path).filter((name) => /dockerfile$/i.test(name))
  return files.map((name) => [`${directory}/${name}`, readFileSync(join(path, name), 'utf8')])
}

const list: readonly (readonly [string, string, World?])[] = [
  ...graphErrors.map(([title, text, options]) => [title, text, options] as const),
  ...lintErrors.map(([title, text]) => [title, text] as const),
  ...dockerfilesIn('fixtures/errors'),
  ...dockerfilesIn('test/parser/golden'),
  ['a port out of range', 'FROM scratch\nEXPOSE 99999\n'],
  ['a range of ports that runs backwards', 'FROM scratch\nEXPOSE 80-70\n'],
  ['an address that is none', 'FROM scratch\nEXPOSE 999.1.1.1:80:80\n'],
  ['ranges of different length', 'FROM scratch\nEXPOSE 1-2:3-5\n'],
  ['a signal that is none', 'FROM scratch\nSTOPSIGNAL NOPE\n'],
  ['a signal from a variable', 'FROM scratch\nARG S\nSTOPSIGNAL $S\n'],
  ['a checksum of a local file', 'FROM scratch\nADD --checksum=sha256:00 a /\n'],
  ['a checksum that is none', 'FROM scratch\nADD --checksum=nope https://a/b /\n'],
  ['a checksum of several sources', 'FROM scratch\nADD --checksum=nope https://a/b c /\n'],
  ['a mount of what is no image', 'FROM scratch\nRUN --mount=from=zzz:Q:q,target=/x true\n'],
  ['a mount of a stage that comes later', 'FROM scratch\nRUN --mount=from=b,target=/x true\nFROM scratch AS b\nFROM 0'],
  ['a mount of a stage number that is none', 'FROM scratch\nRUN --mount=from=9,target=/x true\n'],
  ['a mount over the root', 'FROM scratch\nRUN --mount=type=cache,target=. true\n'],
  ['a mount without a value', 'FROM busybox\nRUN --mount=type=bind,target=/x,z true\n'],
  ['stages that need each other', 'FROM scratch AS a\nCOPY --from=b x /\nFROM scratch AS b\nCOPY --from=a x /\n'],
  ['a platform that becomes none', 'ARG A\nFROM --platform=linux/$A scratch\n'],
  ['an invalid base of a stage that is not needed', 'FROM Bad AS a\nFROM scratch\n'],
  ['an invalid trigger of an image', 'FROM base\n', { images: { base: { OnBuild: ['EXPOSE x'] } } }],
  [
    'a trigger that needs a stage that comes later',
    'FROM base\nFROM scratch AS a\nFROM 0\n',
    { images: { base: { OnBuild: ['COPY --from=a x /'] } } },
  ],
  ['an empty build arg', 'ARG B=busybox\nFROM $B\n', { buildArgs: { B: '' } }],
  ['a RUN of nothing', 'FROM busybox\nRUN []\n'],
  ['an unknown mode', 'FROM scratch\nCOPY --chmod=u=q x /\n'],
  ['a mode from a variable', 'FROM scratch\nARG M=99\nADD --chmod=$M x /\n'],
]

const cases = list.map(([title, text, world = {}]) => ({ title, text, world }))

describe('a build and a check give the same error for', () => {
  test.each(cases)('$title', async ({ text, world }) => {
    const expected = await errorOfBuild(text, world)
    expect(errorOfCheck(text, world, { stages: 'target' })).toEqual(expected)
    if (expected) expect(errorOfCheck(text, world)).toEqual(expected)
  })

  test('any Dockerfile', async () => {
    let refused = 0
    await fc.assert(
      fc.asyncProperty(dockerfileText, async (text) => {
        const expected = await errorOfBuild(text, {})
        if (expected) refused++
        expect(errorOfCheck(text, {}, { stages: 'target' })).toEqual(expected)
      }),
      { numRuns: 300 },
    )
    expect(refused).toBeGreaterThan(0)
  })
})

test('most of these cases are errors', async () => {
  const errors = await Promise.all(cases.map(({ text, world }) => errorOfBuild(text, world)))
  expect(errors.filter((error) => error === undefined).length).toBeLessThan(12)
})

describe('where nothing is known of a base', () => {
  const unknown: LintOptions = { baseImage: () => undefined }

  // An image's triggers are unknown then, too.
  const withoutTriggers = cases.filter(({ world }) => !world.images)
  test.each(withoutTriggers)('the error is the same for $title', async ({ text, world }) => {
    expect(errorOfCheck(text, world, { ...unknown, stages: 'target' })).toEqual(await errorOfBuild(text, world))
  })

  test('a mount at a relative path may be anywhere', () => {
    expect(errorOfCheck('FROM busybox\nRUN --mount=type=cache,target=. true\n', {}, unknown)).toBeUndefined()
  })
})

test('a stage that a mount takes files from by its number is used', () => {
  const text = 'FROM scratch\nCOPY a /\nFROM busybox\nRUN --mount=from=0,target=/x true\n'
  const { warnings } = checkDockerfile(parse(text), { enable: ['UnusedStage'] })
  expect(warnings.filter(({ rule }) => rule === 'UnusedStage')).toEqual([])
})
