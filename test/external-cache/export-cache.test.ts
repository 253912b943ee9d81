import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import type { BuildRecord } from '../../lib/cache/records.ts'
import { type ExportCacheOptions, exportCache } from '../../lib/external-cache/export-cache.ts'
import { parseIndex } from '../../lib/external-cache/index-format.ts'
import type { CacheBackend } from '../../lib/external-cache/types.ts'
import type { Digest } from '../../lib/oci/types.ts'
import { cacheIndex, time } from './cache-index.ts'

/** A cache in memory, whose requests take their time. */
function memoryBackend(
  delay = 0,
): CacheBackend & { index: Uint8Array | undefined; readonly blobs: Set<Digest>; writes: number } {
  const blobs = new Set<Digest>()
  const none = (): never => {
    throw new Error('no layer is read here')
  }
  return {
    name: 'memory',
    index: undefined,
    writes: 0,
    blobs,
    layers: { has: (digest) => blobs.has(digest), open: none, read: none },
    async read() {
      const { index } = this
      await sleep(Math.random() * delay)
      return index
    },
    async put({ digest, size }) {
      const isNew = !blobs.has(digest)
      blobs.add(digest)
      return isNew ? size : 0
    },
    async write(index, layers) {
      await sleep(Math.random() * delay)
      for (const { digest } of layers) expect(blobs).toContain(digest)
      this.index = index
      this.writes++
    },
  }
}

function options(steps: Readonly<Record<string, number>>, more: Partial<ExportCacheOptions> = {}): ExportCacheOptions {
  const { records, layers } = cacheIndex(steps)
  const origin = memoryBackend().layers
  return {
    records: records.map((record): BuildRecord => ({ ...record, version: 2 })),
    time: time(Math.max(...Object.values(steps))),
    limits: { keep: 20 },
    encode: async (diffID) => layers.find((layer) => layer.diffID === diffID)?.encoding,
    reader: origin,
    signal: new AbortController().signal,
    wait: (milliseconds) => sleep(milliseconds / 10),
    ...more,
  }
}

const stepsOf = ({ index }: { readonly index: Uint8Array | undefined }): readonly string[] =>
  parseIndex(index ?? Buffer.from(''), 'it')
    .records.map(({ step }) => step)
    .sort()

test('sends the layers that the cache lacks, then the index', async () => {
  const backend = memoryBackend()
  expect(await exportCache(backend, options({ a: 1, b: 1 }))).toEqual({ sent: 20, records: 2, unchanged: false })
  expect(await exportCache(backend, options({ b: 2, c: 2 }))).toEqual({ sent: 10, records: 2, unchanged: false })
  expect(stepsOf(backend)).toEqual(['a', 'b', 'c'])
})

test('writes nothing when the cache has it all', async () => {
  const backend = memoryBackend()
  await exportCache(backend, options({ a: 1, b: 1 }))
  expect(await exportCache(backend, options({ a: 2 }))).toEqual({ sent: 0, records: 1, unchanged: true })
  expect(backend.writes).toBe(1)
})

test('leaves out a record whose layer the store lost', async () => {
  const backend = memoryBackend()
  const given = options({ a: 1, b: 1 })
  const lost = cacheIndex({ a: 1 }).layers[0]?.diffID
  await exportCache(backend, {
    ...given,
    encode: async (diffID) => (diffID === lost ? undefined : given.encode(diffID)),
  })
  expect(stepsOf(backend)).toEqual(['b'])
})

test('forgets what the cache had, if it is to', async () => {
  const backend = memoryBackend()
  await exportCache(backend, options({ a: 1 }))
  await exportCache(backend, options({ b: 2 }, { forgets: true }))
  expect(stepsOf(backend)).toEqual(['b'])
})

test('replaces a damaged index', async () => {
  const backend = memoryBackend()
  backend.index = Buffer.from('{"version":')
  await exportCache(backend, options({ a: 1 }))
  expect(stepsOf(backend)).toEqual(['a'])
})

test('eight builds that export at once lose nothing', async () => {
  const backend = memoryBackend(20)
  const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']
  await Promise.all(names.map((name, at) => exportCache(backend, options({ [name]: at }))))
  expect(stepsOf(backend)).toEqual(names)
})

test('an abort ends the export', async () => {
  const backend = memoryBackend()
  const stop = new AbortController()
  stop.abort(new Error('enough'))
  await expect(exportCache(backend, options({ a: 1 }, { signal: stop.signal }))).rejects.toThrow('enough')
  expect(backend.index).toBeUndefined()
})
