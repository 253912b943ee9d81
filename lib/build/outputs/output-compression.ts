// The compression of layers for the outputs of a build.

import type { LayerCompression } from '../../layers/layer-sink.ts'
import type { BuildOptions, CompressionOption } from '../build-options.ts'

/** Results are as small as those of `gzip -6`, the default of other tools. */
const DEFAULT_LEVEL = 5

/** The compression for layers while they are written: none if every output is of plain files. */
export function resultCompression({ outputs = [], tags = [] }: BuildOptions): LayerCompression {
  const images = outputs.filter((output) => output.type !== 'local' && output.type !== 'tar')
  const filesOnly = outputs.length > 0 && images.length === 0 && tags.length === 0
  if (filesOnly) return { algorithm: 'uncompressed' }
  return layerCompression(tags.length === 0 ? images[0]?.compression : undefined)
}

/** The compression that an output requests. */
export function layerCompression(option: CompressionOption | undefined): LayerCompression {
  if (option?.algorithm === 'uncompressed') return { algorithm: 'uncompressed' }
  return { algorithm: 'gzip', level: option?.level ?? DEFAULT_LEVEL }
}
