import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { TsbuildError } from '../../lib/base/errors.ts'
import { sha256 } from '../../lib/oci/digest.ts'
import type { JsonValue } from '../../lib/oci/json.ts'
import { parseLayoutReference } from '../../lib/oci/layout.ts'
import { indexBytes } from '../../lib/oci/manifest.ts'
import { parseConfig } from '../../lib/oci/parse-config.ts'
import { parseManifest } from '../../lib/oci/parse-manifest.ts'
import { formatPlatform, normalisePlatform, parsePlatform } from '../../lib/oci/platform.ts'
import { readImage } from '../../lib/oci/read-image.ts'
import { familiarReference, formatReference, parseReference } from '../../lib/oci/reference.ts'
import { memoryStore, putImage } from '../support/memory-store.ts'

/** The result, or undefined after a refusal; any other error is a bug. */
function orRefused<T>(action: () => T): T | undefined {
  try {
    return action()
  } catch (error) {
    if (error instanceof TsbuildError) return undefined
    throw error
  }
}

const near = (alphabet: string): fc.Arbitrary<string> =>
  fc.string({ unit: fc.constantFrom(...alphabet), maxLength: 40 })

test('any text is an image name or refused, and a name survives being printed', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), near('abA19.-_/:@[]')), (text) => {
      const reference = orRefused(() => parseReference(text))
      if (!reference) return
      expect(parseReference(formatReference(reference))).toEqual(reference)
      expect(parseReference(familiarReference(reference))).toEqual(reference)
    }),
  )
})

test('any text is a platform or refused, and normalising twice changes nothing more', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), near('linuxarm64v78/()+%')), (text) => {
      const platform = orRefused(() => parsePlatform(text))
      if (!platform) return
      const normal = normalisePlatform(platform)
      expect(normalisePlatform(normal)).toEqual(normal)
      expect(formatPlatform(normalisePlatform(parsePlatform(formatPlatform(normal))))).toBe(formatPlatform(normal))
    }),
  )
})

test('any text is a layout reference or refused', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), near('a/:@sha256')), (text) => void orRefused(() => parseLayoutReference(text))),
  )
})

const KEYS = [
  'schemaVersion',
  'mediaType',
  'config',
  'layers',
  'manifests',
  'digest',
  'size',
  'rootfs',
  'diff_ids',
  'history',
]
const json = fc
  .jsonValue()
  .chain((value) =>
    fc.oneof(
      fc.constant(value),
      fc.dictionary(fc.constantFrom(...KEYS, '__proto__'), fc.oneof(fc.jsonValue(), fc.constant(2))),
    ),
  )

test('any JSON, and any bytes, are a manifest and a config or refused', () => {
  const bytes = fc.oneof(
    json.map((value) => Buffer.from(JSON.stringify(value))),
    fc.uint8Array(),
  )
  fc.assert(
    fc.property(bytes, (given) => {
      orRefused(() => parseManifest(given, 'it'))
      orRefused(() => parseConfig(given, 'it'))
    }),
  )
})

const ODD: readonly JsonValue[] = [
  null,
  true,
  0,
  -1,
  1.5,
  2 ** 60,
  '',
  'x',
  '\0',
  '../../x',
  [],
  [null],
  {},
  { x: null },
]

/** Every JSON value that differs from the given one in one place: there is something odd, or nothing. */
function* spoilt(value: JsonValue): Generator<JsonValue> {
  yield* ODD
  if (Array.isArray(value)) {
    for (const [at, item] of value.entries()) for (const other of spoilt(item)) yield value.with(at, other)
    yield [...value, ...value]
  } else if (typeof value === 'object' && value !== null) {
    const record = value as Readonly<Record<string, JsonValue>>
    for (const [key, item] of Object.entries(record)) {
      for (const other of spoilt(item)) yield { ...record, [key]: other }
      const { [key]: _gone, ...rest } = record
      yield rest
    }
  }
}

describe('an image whose documents are spoilt in one place is read or refused', () => {
  const store = memoryStore()
  const platform = { os: 'linux', architecture: 'amd64' }
  const image = putImage(store, [Buffer.from('a')], {
    config: {
      created: '2024-01-02T03:04:05Z',
      config: {
        Env: ['A=1'],
        Cmd: ['x'],
        ExposedPorts: { '80/tcp': {} },
        Volumes: { '/v': {} },
        Labels: { a: 'b' },
        Healthcheck: { Test: ['NONE'], Interval: 1 },
        OnBuild: ['RUN x'],
      },
    },
  })
  const index = indexBytes([{ ...image.descriptor, platform }])
  const json = (bytes: Uint8Array | undefined): JsonValue =>
    JSON.parse(Buffer.from(bytes ?? []).toString()) as JsonValue
  const bytesOf = (value: JsonValue): Buffer => Buffer.from(JSON.stringify(value))

  async function readOrRefused(bytes: Uint8Array, mediaType: string): Promise<void> {
    const descriptor = { mediaType, digest: sha256(bytes), size: bytes.byteLength }
    store.blobs.set(descriptor.digest, bytes)
    try {
      await readImage(store, descriptor, platform)
    } catch (error) {
      expect(error).toBeInstanceOf(TsbuildError)
    }
  }

  test('the index', async () => {
    for (const value of spoilt(json(index))) {
      await readOrRefused(bytesOf(value), 'application/vnd.oci.image.index.v1+json')
    }
  })

  test('the manifest', async () => {
    const manifest = json(store.blobs.get(image.descriptor.digest))
    for (const value of spoilt(manifest)) await readOrRefused(bytesOf(value), image.descriptor.mediaType)
  })

  test('the config', async () => {
    const { mediaType, digest } = image.manifest.config
    const manifest = json(store.blobs.get(image.descriptor.digest)) as Record<string, JsonValue>
    for (const value of spoilt(json(store.blobs.get(digest)))) {
      const bytes = bytesOf(value)
      const config = { mediaType, digest: sha256(bytes), size: bytes.byteLength }
      store.blobs.set(config.digest, bytes)
      await readOrRefused(bytesOf({ ...manifest, config }), image.descriptor.mediaType)
    }
  })
})
