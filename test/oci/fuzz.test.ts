import fc from 'fast-check'
import { expect, test } from 'vitest'
import { TsbuildError } from '../../lib/errors.ts'
import { parseLayoutReference } from '../../lib/oci/layout.ts'
import { parseConfig } from '../../lib/oci/parse-config.ts'
import { parseManifest } from '../../lib/oci/parse-manifest.ts'
import { formatPlatform, normalisePlatform, parsePlatform } from '../../lib/oci/platform.ts'
import { familiarReference, formatReference, parseReference } from '../../lib/oci/reference.ts'

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
