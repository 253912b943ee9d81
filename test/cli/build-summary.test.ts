import { expect, test } from 'vitest'
import { summaryLines } from '../../lib/cli/build-summary.ts'
import { resultID } from '../../lib/cli/iidfile.ts'
import { metadata } from '../../lib/cli/metadata-file.ts'
import type { BuildResult, BuiltImage, Digest, Image, Layer } from '../../lib/index.ts'

const digest: Digest = `sha256:${'ab'.repeat(32)}`
const imageID: Digest = `sha256:${'cd'.repeat(32)}`
const layer = {
  descriptor: { mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip', digest, size: 6_000_000 },
} as Layer

const built: BuiltImage = {
  image: {
    descriptor: { mediaType: 'application/vnd.oci.image.manifest.v1+json', digest, size: 500 },
    layers: [layer, layer],
  } as unknown as Image,
  digest,
  imageID,
  size: 12_000_600,
  platform: { os: 'linux', architecture: 'arm', variant: 'v7' },
}
const result: BuildResult = {
  ...built,
  images: [built],
  index: undefined,
  names: ['docker.io/library/app:1', 'ghcr.io/me/app:1'],
  shortNames: ['app:1', 'ghcr.io/me/app:1'],
  duration: 1,
  stepResults: [],
  steps: { total: 7, cached: 3 },
  outputs: [
    { type: 'store', destination: 'docker.io/library/app:1' },
    { type: 'oci', destination: 'out.tar', size: 12_345_678 },
    { type: 'local', destination: 'out' },
    { type: 'tar', destination: '-' },
  ],
  warnings: [],
  sandbox: undefined,
}
const view = { elapsed: 1234, color: false, unicode: true }

test('a summary says what was made and where it is', () => {
  expect(summaryLines(result, view)).toEqual([
    '✔ built in 1.2s',
    '  name      app:1',
    '            ghcr.io/me/app:1',
    `  image id  ${imageID}`,
    `  digest    ${digest}`,
    '  contents  12.0 MB in 2 layers, linux/arm/v7',
    '  steps     7, 3 cached',
    '  wrote     out.tar (oci, 12.3 MB)',
    '            out (local)',
    '            standard output (tar)',
  ])
})

const index = { mediaType: 'application/vnd.oci.image.index.v1+json', digest: imageID, size: 600 }
const several: BuildResult = {
  ...result,
  digest: index.digest,
  index,
  images: [built, { ...built, platform: { os: 'linux', architecture: 'amd64' } }],
}

test('a summary of several platforms says what each has', () => {
  expect(summaryLines(several, view).slice(3, 7)).toEqual([
    `  index     ${imageID}`,
    '  contents  12.0 MB in 2 layers, linux/arm/v7',
    '            12.0 MB in 2 layers, linux/amd64',
    '  steps     7, 3 cached',
  ])
})

test('metadata of an index has no config, and its descriptor no platform', () => {
  expect(metadata(several)).toEqual({
    'containerimage.digest': index.digest,
    'containerimage.descriptor': index,
    'image.name': 'docker.io/library/app:1,ghcr.io/me/app:1',
  })
  expect(resultID(several)).toBe(index.digest)
})

test('a summary says when there was nothing to do', () => {
  expect(summaryLines({ ...result, steps: { total: 7, cached: 7 } }, view)).toContain('  steps     7, all cached')
  expect(summaryLines({ ...result, steps: { total: 7, cached: 0 } }, view)).toContain('  steps     7')
})

test('metadata has the keys of docker buildx', () => {
  expect(metadata(result)).toEqual({
    'containerimage.config.digest': imageID,
    'containerimage.digest': digest,
    'containerimage.descriptor': { ...result.image.descriptor, platform: result.platform },
    'image.name': 'docker.io/library/app:1,ghcr.io/me/app:1',
  })
  expect(metadata({ ...result, names: [] })).not.toHaveProperty(['image.name'])
})
