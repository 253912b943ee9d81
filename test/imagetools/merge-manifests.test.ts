import { expect, test } from 'vitest'
import { mergeManifests } from '../../lib/imagetools/merge-manifests.ts'
import { sha256 } from '../../lib/oci/digest.ts'
import { filterPlatforms } from '../../lib/oci/filter-platforms.ts'
import { OCI_MANIFEST } from '../../lib/oci/media-types.ts'
import { parsePlatform } from '../../lib/oci/platform.ts'
import type { Descriptor } from '../../lib/oci/types.ts'

/** `a:amd64` is content a for that platform; `~x:a` an attestation x of a; `a` alone has no platform. */
function entry(text: string): Descriptor {
  const [name = '', rest] = text.split(':')
  const descriptor = { mediaType: OCI_MANIFEST, digest: sha256(name.replace('~', '')), size: 1 }
  if (name.startsWith('~')) {
    const annotations = {
      'vnd.docker.reference.type': 'attestation-manifest',
      'vnd.docker.reference.digest': sha256(rest ?? ''),
    }
    return { ...descriptor, platform: { os: 'unknown', architecture: 'unknown' }, annotations }
  }
  return rest === undefined ? descriptor : { ...descriptor, platform: platformOf(rest) }
}

function platformOf(text: string): ReturnType<typeof parsePlatform> {
  const [architecture = '', version] = text.split('@')
  const platform = parsePlatform(`linux/${architecture}`)
  return version === undefined ? platform : { ...platform, os: 'windows', 'os.version': version }
}

const names = 'abcdexyz'.split('')
const nameOf = ({ digest }: Descriptor): string => names.find((name) => sha256(name) === digest) ?? '?'
const read = (text: string): Descriptor[] => text.split(' ').map(entry)

test.each<[string, readonly string[], string, string]>([
  ['entries of different platforms are in the order of their sources', ['a:amd64', 'b:arm64', 'c:arm/v7'], 'a b c', ''],
  ['a digest that comes again is one entry', ['a:amd64 b:arm64', 'b:arm64 a:amd64'], 'a b', ''],
  ['a later image takes the place of an earlier one of its platform', ['a:amd64 b:arm64', 'c:amd64'], 'c b', 'a>c'],
  ['spellings of a platform are the same platform', ['a:arm64/v8', 'b:aarch64'], 'b', 'a>b'],
  ['variants are platforms of their own', ['a:arm/v6', 'b:arm/v7', 'c:amd64', 'd:amd64/v3'], 'a b c d', ''],
  ['versions of a system are platforms of their own', ['a:amd64@10.1', 'b:amd64@10.2'], 'a b', ''],
  ['what one source has twice for a platform stays', ['a:amd64 b:amd64'], 'a b', ''],
  [
    'all that earlier sources have for a platform is replaced',
    ['a:amd64 b:amd64 c:arm64', 'd:amd64'],
    'd c',
    'a>d b>d',
  ],
  ['two of a later source come for one of an earlier', ['a:amd64 b:arm64', 'c:amd64 d:amd64'], 'c b d', 'a>c'],
  ['attestations are kept', ['a:amd64 ~x:a', 'b:arm64 ~y:b'], 'a x b y', ''],
  ['attestations of what is replaced go with it', ['a:amd64 ~x:a b:arm64 ~y:b', 'c:amd64 ~z:c'], 'c b y z', 'a>c'],
  ['what names no platform replaces nothing', ['a b', 'c'], 'a b c', ''],
])('%s', (_, sources, expected, replaced) => {
  const merged = mergeManifests(sources.map(read))
  expect(merged.manifests.map(nameOf).join(' ')).toBe(expected)
  const pairs = merged.replaced.map(({ from, to }) => [from, to].map((digest) => nameOf({ digest } as Descriptor)))
  expect(pairs.map((pair) => pair.join('>')).join(' ')).toBe(replaced)
})

test('of a digest that comes again, the last platform counts, and annotations add up', () => {
  const first = { ...entry('a:amd64'), annotations: { one: '1', two: '2' } }
  const second = { ...entry('a:arm64'), annotations: { two: 'two' } }
  expect(mergeManifests([[first], [second]]).manifests).toEqual([
    { ...first, platform: second.platform, annotations: { one: '1', two: 'two' } },
  ])
})

test.each<[string, string, string]>([
  ['linux/amd64', 'a:amd64 ~x:a b:arm64 ~y:b', 'a x'],
  ['linux/arm64', 'a:amd64 ~x:a b:arm64/v8 ~y:b', 'b y'],
  ['linux/amd64,linux/arm64', 'a:amd64 b:arm64 c:riscv64', 'a b'],
  ['linux/amd64', 'a:amd64 b', 'a b'],
])('platforms %s of %s are %s', (wanted, given, kept) => {
  const platforms = wanted.split(',').map(parsePlatform)
  expect(filterPlatforms(read(given), platforms).map(nameOf).join(' ')).toBe(kept)
})

test('a platform that no image is for is an error', () => {
  expect(() => filterPlatforms(read('a:amd64 ~x:a'), [parsePlatform('linux/s390x')])).toThrow(
    expect.objectContaining({ code: 'PLATFORM_NOT_FOUND', hint: 'there are linux/amd64' }),
  )
})
