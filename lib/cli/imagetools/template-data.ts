import { formatPlatform, type RemoteImage } from '../../index.ts'

/** The data for templates of `--format`, with the names of docker buildx. */
export interface TemplateData {
  readonly name: string
  readonly manifest: unknown
  /** The config of a single image; for several, an object with the config of each platform. */
  readonly image: unknown
}

/** The data of an image that was requested by a name. */
export function templateData(name: string, { descriptor, content, images }: RemoteImage): TemplateData {
  const [only, ...others] = images
  const manifest =
    content.kind === 'manifest' ? descriptor : { ...content.index, digest: descriptor.digest, size: descriptor.size }
  const byPlatform = Object.fromEntries(images.map(({ platform, config }) => [formatPlatform(platform), config]))
  return { name, manifest, image: others.length === 0 ? only?.config : byPlatform }
}
