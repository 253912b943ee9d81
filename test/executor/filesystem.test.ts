// Stacks of layers: each step adds one, and shares the rest.
import { describe, expect, test } from 'vitest'
import type { Store } from '../../lib/cache/store.ts'
import { EMPTY, layersOf, stack, stackKey, viewOf } from '../../lib/executor/filesystem.ts'
import type { Filesystem, StackedLayer } from '../../lib/executor/session.ts'
import { writeLayer } from '../../lib/layers/write-layer.ts'
import { chainID } from '../../lib/oci/chain-id.ts'
import type { DiffID, Layer } from '../../lib/oci/types.ts'
import { file, temporaryStore } from '../layers/support/entries.ts'

const PLAIN = { compression: { algorithm: 'uncompressed' } } as const

async function stackOf(count: number, store: Store = temporaryStore()): Promise<Filesystem> {
  let filesystem = EMPTY
  for (let n = 0; n < count; n++) {
    const layer = await writeLayer([file(`f${n}`, `${n}`)], store, PLAIN)
    filesystem = stack(filesystem, { layer, created: undefined })
  }
  return filesystem
}

describe('a stack', () => {
  test('has its layers in order, and the chain ID of the image specification', async () => {
    const filesystem = await stackOf(5)
    const diffIDs = layersOf(filesystem).map(({ layer }: StackedLayer) => layer.diffID)
    expect(new Set(diffIDs).size).toBe(5)
    expect(filesystem.top?.layer.diffID).toBe(diffIDs[4])
    expect(stackKey(filesystem)).toBe(chainID(diffIDs))
    expect([stackKey(EMPTY), layersOf(EMPTY)]).toEqual(['', []])
  })

  test('has a key of the same length however high it is, since steps keep it with what they note', async () => {
    expect(stackKey(await stackOf(20)).length).toBe(stackKey(await stackOf(1)).length)
  })

  test.each([20, 40])('of %i layers has each index read once, though every step looks at its view', async (count) => {
    const store = temporaryStore()
    let reads = 0
    const counting = {
      ...store,
      readDerived: (...args: Parameters<typeof store.readDerived>) => {
        reads++
        return store.readDerived(...args)
      },
    }
    const session = {
      store: counting,
      indexes: new Map(),
      plainLayers: new Set<DiffID>(),
      views: new Map(),
      signal: new AbortController().signal,
    }
    let filesystem = EMPTY
    for (const layer of layersOf(await stackOf(count, store))) {
      filesystem = stack(filesystem, layer)
      await viewOf(filesystem, session)
    }
    expect(reads).toBe(count)
    expect((await viewOf(filesystem, session)).list('')).toHaveLength(count)
  })

  test('keeps a layer decompressed that will be wanted as a whole, and no other, when it reads it for its index', async () => {
    const made = temporaryStore()
    const store = temporaryStore()
    const layers: Layer[] = []
    for (const name of ['one', 'two']) {
      const layer = await writeLayer([file(name, name)], made, { compression: { algorithm: 'gzip', level: 1 } })
      await store.copyBlob(made, layer.descriptor)
      layers.push(layer)
    }
    const [one, two] = layers as [Layer, Layer]
    const filesystem = layers.reduce((below, layer) => stack(below, { layer, created: undefined }), EMPTY)
    const { signal } = new AbortController()
    await viewOf(filesystem, {
      store,
      indexes: new Map(),
      plainLayers: new Set([two.diffID]),
      views: new Map(),
      signal,
    })
    expect([store.has(one.diffID), store.has(two.diffID)]).toEqual([false, true])
  })
})
