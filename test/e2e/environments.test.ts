// The same Dockerfiles in environments that allow less and less, compared with root's images: the layers are the same,
// or the shortfall is known.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hasDebianMirror } from '../support/debian-base.ts'
import { environmentsNeed } from '../support/environments.ts'
import { isRoot, staticBusybox } from '../support/programs.ts'
import { requires } from '../support/requires.ts'
import { busyboxBase } from './busybox-base.ts'
import { type Built, buildInEnvironment } from './environments/build-in-environment.ts'
import { debianPackagesBase } from './environments/debian-packages-base.ts'
import { glibcBase } from './environments/glibc-base.ts'
import { CASES as ALL_CASES, CHOWN_FAILS, type KnownRow, ROWS } from './environments/rows.ts'
import { createTable, MARKS } from './environments/table.ts'

const NEEDED = [...environmentsNeed, 'bwrap', 'ldd', 'setcap', 'getcap']
const busybox = staticBusybox()
const ready =
  [isRoot('building in other environments'), ...NEEDED.map((name) => requires(name))].every(Boolean) &&
  busybox !== undefined
const checkout = resolve(import.meta.dirname, '../..')

const proot = process.env['TSBUILD_TEST_PROOT']
if (proot === undefined) console.warn('skipped: proot, of which $TSBUILD_TEST_PROOT has to name a version from 5.4')

/** Rows without their program are left out. */
function available(row: KnownRow): boolean {
  return proot !== undefined || row.chosen !== 'proot'
}

const hasDebian = ready && requires('mmdebstrap') && hasDebianMirror()
const CASES = ALL_CASES.filter((name) => hasDebian || !name.startsWith('debian-'))

const directory = mkdtempSync(join(tmpdir(), 'tsbuild-environments-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

describe.skipIf(!ready)('what root builds', () => {
  let byRoot: Readonly<Record<string, Built>> = {}
  const measured = new Map<string, Readonly<Record<string, Built>>>()

  beforeAll(async () => {
    if (!busybox) return
    await busyboxBase(busybox, directory)
    await glibcBase(directory)
    if (hasDebian) await debianPackagesBase(directory)
    byRoot = buildInEnvironment({ environment: 'root', helper: true }, directory, CASES)
  }, 600_000)

  test('is all that there is to build, but for the step that fails', () => {
    const failed = CASES.filter((name) => byRoot[name]?.diffIDs === undefined)
    expect(failed).toEqual(['failing'])
    expect(byRoot['failing']).toMatchObject({ code: 'RUN_FAILED', message: expect.stringMatching(/exit code: 7/) })
    measured.set('root', byRoot)
  })

  const rows = ROWS.filter((row) => row.name !== 'root' && available(row))
  test.each(rows.map((row) => [row.name, row] as const))(
    'is built the same in the environment %s, or a shortfall is known',
    (name, row) => {
      const built = buildInEnvironment(row, directory, CASES)
      measured.set(name, built)
      const shortfalls = CASES.filter((at) => differs(byRoot[at], built[at]))
      const known = Object.keys(row.shortfalls)
      const found = shortfalls.map((at) => `${at}: ${describeBuilt(byRoot[at], built[at])}`)
      expect(shortfalls, found.join('\n')).toEqual(CASES.filter((at) => known.includes('*') || known.includes(at)))
      expect(built['failing']).toMatchObject({ code: known.includes('*') ? 'SANDBOX_UNAVAILABLE' : 'RUN_FAILED' })
      const isolations = new Set(CASES.flatMap((at) => built[at]?.sandbox?.isolation ?? []))
      expect([...isolations]).toEqual(row.chosen === undefined ? [] : [row.chosen])
      const overlays = new Set(CASES.flatMap((at) => built[at]?.sandbox?.overlay ?? []))
      expect([...overlays]).toEqual(row.chosen === undefined ? [] : [row.overlay])
      const isQuiet = (at: string): boolean => built[at]?.warnings.every((text) => text.includes('seccomp')) === true
      const silent = ['nothing', 'set-id-copy', 'glibc-user'].filter(isQuiet)
      const warned = CASES.filter((at) => built[at]?.warnings.some((text) => text.includes('records the owners')))
      if (row.unknownOwners) expect(warned, 'every build warns where owners are unknown').toEqual(CASES)
      else expect({ silent, warned }).toEqual({ silent: ['nothing', 'set-id-copy', 'glibc-user'], warned: [] })
      if (row.shortfalls['chown'] === CHOWN_FAILS) expect(built['chown']?.hint).toMatch(/the native helper/)
    },
    400_000,
  )

  test.skipIf(!hasDebian)('is in the table of the documentation', async () => {
    const file = join(checkout, 'docs/sandbox.md')
    const text = readFileSync(file, 'utf8')
    const [begin, end] = [text.indexOf(MARKS.begin) + MARKS.begin.length, text.indexOf(MARKS.end)]
    const table = createTable(measured, byRoot, differs)
    await expect(`${text.slice(0, begin)}\n\n${table}\n${text.slice(end)}`).toMatchFileSnapshot(file)
  })
})

function differs(reference: Built | undefined, built: Built | undefined): boolean {
  if (reference?.diffIDs === undefined) return reference?.code !== built?.code
  return JSON.stringify(reference.diffIDs) !== JSON.stringify(built?.diffIDs)
}

/** The difference, for the message of a failed test. */
function describeBuilt(reference: Built | undefined, built: Built | undefined): string {
  if (built?.code !== undefined) return `${built.code}: ${built.message}`
  const lacks = reference?.files.filter((line) => !built?.files.includes(line)) ?? []
  const has = built?.files.filter((line) => !reference?.files.includes(line)) ?? []
  return ['other layers', ...lacks.map((line) => `- ${line}`), ...has.map((line) => `+ ${line}`)].join('\n  ')
}
