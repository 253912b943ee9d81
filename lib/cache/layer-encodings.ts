// The encodings of layers: the blobs with the same tar, plain or compressed. Known ones are not compressed again.
import { join } from 'node:path'
import { TsbuildError } from '../base/errors.ts'
import { digestParts } from '../oci/digest.ts'
import { jsonBytes } from '../oci/json.ts'
import type { Compression } from '../oci/media-types.ts'
import { parseDescriptor } from '../oci/parse-manifest.ts'
import type { Descriptor, DiffID } from '../oci/types.ts'
import { namesIn, readJsonIfSound, writeAtomically } from './atomic-files.ts'
import type { TemporaryFiles } from './temporary-files.ts'

/** A blob of a layer, and its compression. */
export interface LayerEncoding {
  readonly algorithm: Compression
  /** Unknown for layers that another program compressed. */
  readonly level?: number
  readonly descriptor: Descriptor
}

/** The layers of a store by diffID. */
export interface LayerEncodings {
  /** The encodings whose blobs are in the store now, in a stable order. */
  encodings(diffID: DiffID): readonly LayerEncoding[]
  /** Records an encoding. Idempotent. */
  add(diffID: DiffID, encoding: LayerEncoding): void
}

export function openLayerEncodings(
  root: string,
  temporary: TemporaryFiles,
  holds: (descriptor: Descriptor) => boolean,
): LayerEncodings {
  const directory = (diffID: DiffID): string => join(root, 'layers', digestParts(diffID).hex)
  return {
    encodings: (diffID) =>
      namesIn(directory(diffID))
        .map((name) => parseEncoding(readJsonIfSound(join(directory(diffID), name))))
        .filter((encoding) => encoding !== undefined)
        .filter((encoding) => holds(encoding.descriptor)),
    add: (diffID, encoding) => {
      const { hex } = digestParts(encoding.descriptor.digest)
      const level = encoding.level === undefined ? '' : `-${encoding.level}`
      const path = join(directory(diffID), `${encoding.algorithm}${level}-${hex}.json`)
      const { mediaType, digest, size } = encoding.descriptor
      const bytes = jsonBytes({
        algorithm: encoding.algorithm,
        level: encoding.level,
        descriptor: { mediaType, digest, size },
      })
      writeAtomically(path, temporary.path(), bytes)
    },
  }
}

function parseEncoding(value: unknown): LayerEncoding | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const { algorithm, level, descriptor } = value as Readonly<Record<string, unknown>>
  if (algorithm !== 'gzip' && algorithm !== 'zstd' && algorithm !== 'uncompressed') return undefined
  try {
    const parsed = parseDescriptor(descriptor, { code: 'STORE_IO', what: 'layer encoding', path: 'descriptor' })
    return { algorithm, descriptor: parsed, ...(typeof level === 'number' ? { level } : {}) }
  } catch (error) {
    if (error instanceof TsbuildError) return undefined
    throw error
  }
}
