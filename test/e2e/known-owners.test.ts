// Layers that were made where owners are not recorded are no cache hits where they are, in every order of builds.
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ENVIRONMENTS, type EnvironmentName, environmentsNeed, inEnvironment } from '../support/environments.ts'
import { isRoot, staticBusybox } from '../support/programs.ts'
import { requires } from '../support/requires.ts'
import { run } from '../support/run.ts'
import { busyboxBase } from './busybox-base.ts'

/** Without a word of a failed chown: `cp -p` and `mv` find all files to be root's where nothing records owners. */
const DOCKERFILE = `FROM base AS made
COPY --chown=7:8 f /srv/a
RUN cp -p /srv/a /srv/b && mv /srv/a /srv/c
FROM base
COPY --from=made /srv /srv
RUN echo more >> /srv/b && mv /srv/c /srv/d
`

interface Build {
  /** Default true; false disables it. */
  readonly helper?: boolean
  readonly isolation?: string
  readonly strict?: boolean
  /** Removes what the store's records say of owners first, as in one of an earlier version. */
  readonly old?: boolean
}

interface Outcome {
  readonly diffIDs?: readonly string[]
  readonly allCached?: boolean
  readonly code?: string
  readonly warnings: readonly string[]
}

const WITH: Build = {}
const WITHOUT: Build = { helper: false }
const NAMED: Build = { isolation: 'bwrap' }

/** Builds with one store, each with its outcome: root's image, another one with a warning, or an error. */
const SEQUENCES: Readonly<Record<string, readonly (readonly [Build, 'right' | 'cached' | 'unsure' | 'refused'])[]>> = {
  'the helper comes later': [
    [WITHOUT, 'unsure'],
    [WITH, 'right'],
    [WITH, 'cached'],
  ],
  'the helper was there before': [
    [WITH, 'right'],
    [WITHOUT, 'cached'],
    [NAMED, 'cached'],
    [{ ...WITHOUT, strict: true }, 'cached'],
  ],
  'the helper is never there': [
    [WITHOUT, 'unsure'],
    [WITHOUT, 'unsure'],
    [{ ...WITHOUT, strict: true }, 'refused'],
  ],
  'a sandbox without the helper is named first': [
    [NAMED, 'unsure'],
    [WITHOUT, 'unsure'],
    [WITH, 'right'],
    [NAMED, 'cached'],
  ],
  'owners have to be known': [
    [{ ...WITHOUT, strict: true }, 'refused'],
    [{ ...NAMED, strict: true }, 'refused'],
    [{ ...WITH, strict: true }, 'right'],
  ],
  'an earlier version made the store': [
    [WITHOUT, 'unsure'],
    [{ ...WITHOUT, old: true }, 'unsure'],
    [{ ...WITH, old: true }, 'right'],
    [WITH, 'cached'],
    [{ ...WITHOUT, old: true }, 'unsure'],
  ],
}

const names = Object.keys(SEQUENCES)
const busybox = staticBusybox()
const needed = [isRoot('building in other environments'), ...[...environmentsNeed, 'bwrap'].map(requires)]
const directory = mkdtempSync(join(tmpdir(), 'tsbuild-known-owners-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

function outcomes(environment: EnvironmentName, sequences: readonly (readonly Build[])[]): readonly Outcome[][] {
  const { uid } = ENVIRONMENTS[environment]
  let results: readonly Outcome[][] = []
  const script = join(import.meta.dirname, 'environments/build-sequence.mjs')
  inEnvironment(environment, ['sh', '-c', 'exec node "$0" "$HOME/task.json"', script], {
    timeout: 300,
    before: (home) => {
      cpSync(join(directory, 'base'), join(home, 'base'), { recursive: true })
      mkdirSync(join(home, 'context'))
      writeFileSync(join(home, 'context/f'), 'f')
      writeFileSync(join(home, 'context/Dockerfile'), DOCKERFILE)
      const library = resolve(import.meta.dirname, '../../dist/index.js')
      writeFileSync(join(home, 'task.json'), JSON.stringify({ library, directory: home, sequences }))
      run('chown', ['-R', `${uid}:${uid}`, home])
    },
    after: (home) => {
      results = JSON.parse(readFileSync(join(home, 'results.json'), 'utf8'))
    },
  })
  return results
}

describe.skipIf(!needed.every(Boolean) || busybox === undefined)('where owners are known at times', () => {
  let right: readonly string[] | undefined
  let built: readonly Outcome[][] = []

  beforeAll(async () => {
    await busyboxBase(busybox ?? '', directory)
    right = outcomes('root', [[WITH]])[0]?.[0]?.diffIDs
    built = outcomes(
      'single',
      Object.values(SEQUENCES).map((sequence) => sequence.map(([build]) => build)),
    )
  }, 400_000)

  test.each(names)('%s: no build takes a layer that knows less than it can know', (name) => {
    expect(right).toContainEqual(expect.stringMatching(/^sha256:[0-9a-f]{64}$/))
    const found = built[names.indexOf(name)]?.map((outcome): string => {
      const { diffIDs, allCached, code, warnings } = outcome
      if (code !== undefined) return code === 'SANDBOX_LACKS' ? 'refused' : code
      if (warnings.length > 0) return warnings.length === 1 && /owners/.test(warnings[0] ?? '') ? 'unsure' : 'too many'
      const isRight = JSON.stringify(diffIDs) === JSON.stringify(right)
      return isRight ? (allCached ? 'cached' : 'right') : 'wrong in silence'
    })
    expect(found).toEqual(SEQUENCES[name]?.map(([, expected]) => expected))
  })

  test('what nothing records comes out of the cache where nothing records it still', () => {
    const [first, second] = built[names.indexOf('the helper is never there')] ?? []
    expect(first?.diffIDs).not.toEqual(right)
    expect(second).toEqual({ ...first, allCached: true })
  })
})
