// A root that steps change in place, where layers can't be stacked.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openStore } from '../../../../lib/cache/store.ts'
import { EMPTY, type LayerSource, stack } from '../../../../lib/executor/filesystem.ts'
import type { Filesystem } from '../../../../lib/executor/session.ts'
import { openRoot } from '../../../../lib/executor/worker/root/open-root.ts'
import { createReusableRoots } from '../../../../lib/executor/worker/root/reusable-roots.ts'
import type { WorkerContext } from '../../../../lib/executor/worker/worker-context.ts'
import { writeLayer } from '../../../../lib/layers/write-layer.ts'
import { temporaryDirectory } from '../../../support/temporary-directory.ts'

interface Step {
  readonly directory: string
  readonly paths: readonly string[]
  readonly filesystem: Filesystem
}

/** Steps that write one file each, or none, on what another left. */
function createSteps(): (on: Filesystem, name: string | undefined, timestamp?: number) => Promise<Step> {
  const home = temporaryDirectory()
  const store = openStore(join(home, 'store'))
  let made = 0
  const temporary = (): string => {
    const path = join(home, `root-${made++}`)
    mkdirSync(path)
    return path
  }
  const context: Omit<LayerSource, 'signal'> &
    Pick<WorkerContext, 'overlay' | 'owners' | 'exactModes' | 'virtualDevices' | 'reusableRoots' | 'temporary'> = {
    store,
    overlay: undefined,
    owners: true,
    exactModes: true,
    virtualDevices: false,
    indexes: new Map(),
    views: new Map(),
    plainLayers: { has: () => true },
    reusableRoots: createReusableRoots(),
    temporary,
  }
  return async (on, name, timestamp) => {
    // Each step has a signal of its own, as in the worker.
    const root = await openRoot(on, { ...context, signal: new AbortController().signal } as WorkerContext)
    const { directory } = root
    if (name !== undefined) writeFileSync(join(directory, name), name)
    const identity = () => ({ uid: 0, gid: 0 })
    const entries = root.capture({ exclude: new Set(), identity }, timestamp)
    const { diffID, descriptor } = await writeLayer(entries, store, { compression: { algorithm: 'uncompressed' } })
    await root.keep(diffID)
    await root.discard()
    const paths = entries.map(({ path }) => path)
    return { directory, paths, filesystem: stack(on, { layer: { diffID, descriptor }, created: undefined }) }
  }
}

test.each([undefined, 1_700_000_000])('a step goes on in the root that the one before it left', async (timestamp) => {
  const step = createSteps()
  const first = await step(EMPTY, 'a', timestamp)
  const second = await step(first.filesystem, 'b', timestamp)
  const third = await step(second.filesystem, undefined, timestamp)
  expect([second.directory, third.directory]).toEqual([first.directory, first.directory])
  expect([first.paths, second.paths, third.paths]).toEqual([['a'], ['b'], []])
})

test('steps that go on from the same layers get a root each, and old roots are removed', async () => {
  const step = createSteps()
  const base = await step(EMPTY, 'base')
  const [one, two, three] = [
    await step(base.filesystem, 'one'),
    await step(base.filesystem, 'two'),
    await step(base.filesystem, 'three'),
  ]
  expect(new Set([one, two, three].map(({ directory }) => directory)).size).toBe(3)
  expect([two, three].map(({ directory }) => readFileSync(join(directory, 'base'), 'utf8'))).toEqual(['base', 'base'])
  expect([one, two, three].map(({ directory }) => existsSync(directory))).toEqual([false, true, true])
  expect(existsSync(join(two.directory, 'one'))).toBe(false)
  const again = await step(one.filesystem, 'more')
  expect(readFileSync(join(again.directory, 'one'), 'utf8')).toBe('one')
  expect(again.paths).toEqual(['more'])
})
