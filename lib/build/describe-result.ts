import type { ImageSet } from '../oci/write-index.ts'
import type { BuildResult, BuiltImage } from './build-options.ts'

/** The images of a result, as build() returns them. */
export function describeResult({
  images,
  descriptor: { digest },
  descriptor,
  isIndex,
}: ImageSet): Pick<BuildResult, keyof BuiltImage | 'images' | 'index'> {
  const [first, ...others] = images.map((image): BuiltImage => {
    const { manifest, config } = image
    return {
      platform: image.descriptor.platform ?? config,
      image,
      digest: image.descriptor.digest,
      imageID: manifest.config.digest,
    }
  })
  if (!first) throw new Error('bug: a result without an image')
  return { ...first, digest, images: [first, ...others], index: isIndex ? descriptor : undefined }
}
