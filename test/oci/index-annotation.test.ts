import { expect, test } from 'vitest'
import { sha256 } from '../../lib/oci/digest.ts'
import { annotateIndex, parseIndexAnnotation } from '../../lib/oci/index-annotation.ts'
import { OCI_INDEX, OCI_MANIFEST } from '../../lib/oci/media-types.ts'
import type { ImageIndex } from '../../lib/oci/types.ts'

const linux = (architecture: string): { os: string; architecture: string } => ({ os: 'linux', architecture })

test.each<[string, unknown]>([
  ['index:a=b', [{ on: 'index', key: 'a', value: 'b' }]],
  ['index:a.b/c=d:e=f', [{ on: 'index', key: 'a.b/c', value: 'd:e=f' }]],
  ['manifest-descriptor:a=', [{ on: 'manifest-descriptor', key: 'a', value: '' }]],
  [
    'index,manifest-descriptor[linux/arm64]:a=b',
    [
      { on: 'index', key: 'a', value: 'b' },
      { on: 'manifest-descriptor', key: 'a', value: 'b', platform: linux('arm64') },
    ],
  ],
])('%s is an annotation', (text, expected) => {
  expect(parseIndexAnnotation(text)).toMatchObject(expected as object)
})

test.each<[string, string, RegExp]>([
  ['a=b', 'UNSUPPORTED', /is for manifests, which stay as they are$/],
  ['manifest:a=b', 'UNSUPPORTED', /is for manifests/],
  ['index:a', 'OPTION_INVALID', /expected KEY=VALUE$/],
  ['index:=b', 'OPTION_INVALID', /its key is empty$/],
  ['index[linux/amd64]:a=b', 'OPTION_INVALID', /an index is of no platform$/],
  ['index-descriptor:a=b', 'OPTION_INVALID', /nothing refers to the index/],
  ['indx:a=b', 'OPTION_INVALID', /unknown kind "indx"$/],
  ['manifest-descriptor[linux/x/y/z]:a=b', 'PLATFORM_INVALID', /invalid platform/],
])('%s is refused', (text, code, message) => {
  expect(() => parseIndexAnnotation(text)).toThrow(
    expect.objectContaining({ code, message: expect.stringMatching(message) }),
  )
})

test('annotations go on the index, on all entries, or on those of a platform', () => {
  const index: ImageIndex = {
    schemaVersion: 2,
    mediaType: OCI_INDEX,
    manifests: ['amd64', 'arm64'].map((architecture) => ({
      mediaType: OCI_MANIFEST,
      digest: sha256(architecture),
      size: 1,
      platform: linux(architecture),
      annotations: { old: '1' },
    })),
  }
  const texts = ['index:i=1', 'manifest-descriptor:all=2', 'manifest-descriptor[linux/arm64]:arm=3']
  const annotated = annotateIndex(index, texts.flatMap(parseIndexAnnotation))
  expect(annotated.annotations).toEqual({ i: '1' })
  expect(annotated.manifests.map(({ annotations }) => annotations)).toEqual([
    { old: '1', all: '2' },
    { old: '1', all: '2', arm: '3' },
  ])
  expect(() => annotateIndex(index, parseIndexAnnotation('manifest-descriptor[linux/s390x]:a=b'))).toThrow(
    expect.objectContaining({ code: 'PLATFORM_NOT_FOUND' }),
  )
})
