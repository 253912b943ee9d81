// How layers are compressed for the outputs of a build.

import type { LayerCompression } from '../../executor/layer-compression.ts'
import type { BuildOptions, CompressionOption } from '../build-options.ts'

// As small as `gzip -6`, which is what others take when nothing is said.
const DEFAULT_LEVEL = 5

/** Layers are compressed while they are written, unless no output wants them so. */
export function resultCompression({ outputs = [], tags = [] }: BuildOptions): LayerCompression {
  const images = outputs.filter((output) => output.type !== 'local' && output.type !== 'tar')
  const filesOnly = outputs.length > 0 && images.length === 0 && tags.length === 0
  if (filesOnly) return { algorithm: 'uncompressed' }
  return layerCompression(tags.length === 0 ? images[0]?.compression : undefined)
}

/** What an output asks for. */
export function layerCompression(option: CompressionOption | undefined): LayerCompression {
  if (option?.algorithm === 'uncompressed') return { algorithm: 'uncompressed' }
  return { algorithm: 'gzip', level: option?.level ?? DEFAULT_LEVEL }
}
