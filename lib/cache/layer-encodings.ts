// The compressed forms that are known of a layer, so that nothing is compressed twice.
import { join } from 'node:path'
import { TsbuildError } from '../base/errors.ts'
import { digestParts } from '../oci/digest.ts'
import { jsonBytes } from '../oci/json.ts'
import type { Compression } from '../oci/media-types.ts'
import { parseDescriptor } from '../oci/parse-manifest.ts'
import type { Descriptor, DiffID } from '../oci/types.ts'
import { namesIn, readJsonIfSound, writeAtomically } from './store-file.ts'
import type { TemporaryFiles } from './temporary-files.ts'

/** A blob that is a layer in some compression. */
export interface LayerForm {
  readonly algorithm: Compression
  /** Unknown for layers that somebody else compressed. */
  readonly level?: number
  readonly descriptor: Descriptor
}

/** The layers of a store by diffID. */
export interface LayerForms {
  /** The forms whose blobs are in the store now, in a stable order. */
  forms(diffID: DiffID): readonly LayerForm[]
  /** Notes a form. Idempotent. */
  add(diffID: DiffID, form: LayerForm): void
}

export function openLayerForms(
  root: string,
  temporary: TemporaryFiles,
  holds: (descriptor: Descriptor) => boolean,
): LayerForms {
  const directory = (diffID: DiffID): string => join(root, 'layers', digestParts(diffID).hex)
  return {
    forms: (diffID) =>
      namesIn(directory(diffID))
        .map((name) => parseForm(readJsonIfSound(join(directory(diffID), name))))
        .filter((form) => form !== undefined)
        .filter((form) => holds(form.descriptor)),
    add: (diffID, form) => {
      const { hex } = digestParts(form.descriptor.digest)
      const level = form.level === undefined ? '' : `-${form.level}`
      const path = join(directory(diffID), `${form.algorithm}${level}-${hex}.json`)
      const { mediaType, digest, size } = form.descriptor
      const bytes = jsonBytes({ algorithm: form.algorithm, level: form.level, descriptor: { mediaType, digest, size } })
      writeAtomically(path, temporary.path(), bytes)
    },
  }
}

function parseForm(value: unknown): LayerForm | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const { algorithm, level, descriptor } = value as Readonly<Record<string, unknown>>
  if (algorithm !== 'gzip' && algorithm !== 'zstd' && algorithm !== 'uncompressed') return undefined
  try {
    const parsed = parseDescriptor(descriptor, { code: 'STORE_IO', what: 'layer form', path: 'descriptor' })
    return { algorithm, descriptor: parsed, ...(typeof level === 'number' ? { level } : {}) }
  } catch (error) {
    if (error instanceof TsbuildError) return undefined
    throw error
  }
}
