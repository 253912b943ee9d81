// A second build, long after the files were written: it recognises copies by the statuses of files, and notices
// every change.
import { chmodSync, mkdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, onTestFinished, test, vi } from 'vitest'
import { type BuildOptions, type BuildResult, build } from '../../lib/index.ts'
import { ContentFiles } from '../../lib/layers/content-files.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

interface Case {
  readonly what: string
  readonly change: (directory: string) => void
  /** Whether the image is another one. */
  readonly matters: boolean
  readonly options?: Partial<BuildOptions>
}

const DOCKERFILE = 'FROM scratch AS one\nCOPY src /app\nCOPY other /app/\nFROM scratch\nCOPY --from=one /app/ /b/\n'

afterEach(() => {
  vi.useRealTimers()
})

test.each<Case>([
  { what: 'nothing', change: () => {}, matters: false },
  { what: 'a file', change: (at) => writeFileSync(join(at, 'src/a'), 'another'), matters: true },
  {
    what: 'a file, but neither its size nor its time',
    change: (at) => {
      const { atime, mtime } = statSync(join(at, 'src/a'))
      writeFileSync(join(at, 'src/a'), 'two')
      utimesSync(join(at, 'src/a'), atime, mtime)
    },
    matters: true,
  },
  { what: 'a mode', change: (at) => chmodSync(join(at, 'src/a'), 0o600), matters: true },
  { what: 'a new file', change: (at) => writeFileSync(join(at, 'src/d/new'), ''), matters: true },
  { what: 'a removed file', change: (at) => rmSync(join(at, 'src/d/b')), matters: true },
  {
    what: 'a time, where all are fixed',
    change: (at) => utimesSync(join(at, 'src/a'), 1, 1),
    matters: false,
  },
  { what: 'a file that is ignored', change: (at) => writeFileSync(join(at, 'src/ignored'), 'two'), matters: false },
  { what: 'the ignore file', change: (at) => writeFileSync(join(at, '.dockerignore'), 'src/d\n'), matters: true },
  {
    what: 'the Dockerfile',
    change: (at) => writeFileSync(join(at, 'Dockerfile'), DOCKERFILE.replace('/app\n', '/app/x\n')),
    matters: true,
  },
  { what: 'the time of the build', change: () => {}, options: { sourceDateEpoch: 2 }, matters: true },
])('after a change of $what', async ({ change, options = {}, matters }) => {
  const directory = temporaryDirectory()
  mkdirSync(join(directory, 'src/d'), { recursive: true })
  for (const name of ['src/a', 'src/d/b', 'src/ignored', 'other']) writeFileSync(join(directory, name), 'one')
  writeFileSync(join(directory, 'Dockerfile'), DOCKERFILE)
  writeFileSync(join(directory, '.dockerignore'), '**/ignored\n')
  const given: BuildOptions = { context: directory, store: temporaryDirectory(), sourceDateEpoch: 1 }
  vi.useFakeTimers({ now: Date.now() + 3_600_000, toFake: ['Date'] })
  const first = await build(given)
  const again = await build(given)
  expect([again.digest, again.steps.cached]).toEqual([first.digest, again.steps.total])
  change(directory)
  const last = await build({ ...given, ...options })
  expect(layersOf(last)).toEqual(layersOf(await build({ ...given, ...options, noCache: true })))
  expect(last.digest !== first.digest).toBe(matters)
  expect(last.steps.cached === last.steps.total).toBe(!matters)
})

test('without the cache every file is read', async () => {
  const context = temporaryDirectory()
  for (const name of ['a', 'b', 'c']) writeFileSync(join(context, name), 'one')
  writeFileSync(join(context, 'Dockerfile'), 'FROM scratch\nCOPY . /\n')
  const outputs = [{ type: 'oci', dest: join(temporaryDirectory(), 'image.tar') }] as const
  const given: BuildOptions = { context, store: temporaryDirectory(), sourceDateEpoch: 1, outputs }
  vi.useFakeTimers({ now: Date.now() + 3_600_000, toFake: ['Date'] })
  const opened = vi.spyOn(ContentFiles.prototype, 'begin')
  onTestFinished(() => {
    opened.mockRestore()
  })
  const read = (): readonly string[] => opened.mock.calls.splice(0).map(([{ path }]) => path)
  const first = await build(given)
  expect(read()).toEqual(expect.arrayContaining(['a', 'b', 'c']))
  await build(given)
  expect(read()).toEqual([])
  const again = await build({ ...given, noCache: true })
  expect(read()).toEqual(expect.arrayContaining(['a', 'b', 'c']))
  expect(layersOf(again)).toEqual(layersOf(first))
})

const layersOf = ({ image }: BuildResult): readonly string[] => image.config.rootfs.diff_ids
