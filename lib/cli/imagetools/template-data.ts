import { formatPlatform, type RemoteImage } from '../../index.ts'

/** What a template of `--format` is filled with, under the names that docker buildx has. */
export interface TemplateData {
  readonly name: string
  readonly manifest: unknown
  /** The config of a single image; of several, by platform. */
  readonly image: unknown
}

/** The data of an image that was asked for by this name. */
export function templateData(name: string, { descriptor, content, images }: RemoteImage): TemplateData {
  const [only, ...others] = images
  const manifest =
    content.kind === 'manifest' ? descriptor : { ...content.index, digest: descriptor.digest, size: descriptor.size }
  const byPlatform = Object.fromEntries(images.map(({ platform, config }) => [formatPlatform(platform), config]))
  return { name, manifest, image: others.length === 0 ? only?.config : byPlatform }
}
