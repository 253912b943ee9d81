import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, expect, test } from 'vitest'
import { cacheKey, KEY_VERSION, type KeyPart } from '../../lib/cache/cache-key.ts'
import type { BuildRecord } from '../../lib/cache/records.ts'
import { openStore, type Store } from '../../lib/cache/store.ts'
import { sha256 } from '../../lib/oci/digest.ts'
import { OCI_LAYER_GZIP } from '../../lib/oci/media-types.ts'
import type { DiffID } from '../../lib/oci/types.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

let root: string
let store: Store

beforeEach(() => {
  root = join(temporaryDirectory(), 'store')
  store = openStore(root)
})

const parts: readonly KeyPart[] = [
  { label: 'ARG X', value: '1' },
  { label: 'package.json', value: sha256('{}') },
]
const record: BuildRecord = {
  key: cacheKey('copy', parts),
  version: KEY_VERSION,
  step: 'COPY . /src',
  created: '2024-01-02T03:04:05Z',
  parts,
  result: { diffID: sha256('layer'), nested: [1, null, 'x', { y: true }] },
}

function recordFile(): string {
  const { key } = record
  return join(root, 'records', key.slice(7, 9), `${key.slice(7)}.json`)
}

test('a record is found under its key by another process', () => {
  expect(store.records.find(record.key)).toBeUndefined()
  store.records.save(record)
  expect(openStore(root).records.find(record.key)).toEqual(record)
  expect(store.records.find(cacheKey('copy', []))).toBeUndefined()
})

test.each([
  '',
  '{"key":',
  '\0\0\0\0',
  'null',
  '[]',
  '{}',
  JSON.stringify({ ...record, result: undefined }),
  JSON.stringify({ ...record, parts: [{ label: 1 }] }),
  JSON.stringify({ ...record, key: cacheKey('copy', []) }),
  JSON.stringify({ ...record, version: KEY_VERSION + 1 }),
])('the damaged record %j is none, and can be saved again', (damage) => {
  store.records.save(record)
  writeFileSync(recordFile(), damage)
  expect(store.records.find(record.key)).toBeUndefined()
  store.records.save(record)
  expect(store.records.find(record.key)).toEqual(record)
})

test('only the forms of a layer whose blobs are there are known', () => {
  const diffID = sha256('plain') as DiffID
  expect(store.layers.encodings(diffID)).toEqual([])
  const descriptor = store.put(Buffer.from('compressed'), OCI_LAYER_GZIP)
  const gone = { ...descriptor, digest: sha256('gone') }
  store.layers.add(diffID, { algorithm: 'gzip', level: 6, descriptor })
  store.layers.add(diffID, { algorithm: 'gzip', level: 6, descriptor })
  store.layers.add(diffID, { algorithm: 'gzip', descriptor })
  store.layers.add(diffID, { algorithm: 'gzip', level: 9, descriptor: gone })
  expect(store.layers.encodings(diffID)).toEqual([
    { algorithm: 'gzip', level: 6, descriptor },
    { algorithm: 'gzip', descriptor },
  ])
  for (const name of readdirSync(join(root, 'layers', diffID.slice(7)))) {
    writeFileSync(join(root, 'layers', diffID.slice(7), name), '{"algorithm":"gzip"}')
  }
  expect(store.layers.encodings(diffID)).toEqual([])
})
