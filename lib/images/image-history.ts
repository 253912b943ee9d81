import type { DiffID, Digest, Image } from '../oci/types.ts'

/** A step in an image's history. */
export interface HistoryEntry {
  readonly created: string | undefined
  readonly createdBy: string
  readonly comment: string | undefined
  /** The layer that the step made; undefined for a step that changed only the config. */
  readonly layer: { readonly digest: Digest; readonly diffID: DiffID; readonly size: number } | undefined
}

/**
 * The steps that made an image, newest first. Layers without an entry in the history get an empty one.
 *
 * @example
 * ```ts
 * import { build, historyOf } from '@tsbuild/tsbuild'
 *
 * const context = new Map([['Dockerfile', 'FROM scratch\nCOPY Dockerfile /\n']])
 * const { image } = await build({ context, tags: ['app:1'] })
 * console.log(historyOf(image)[0]?.createdBy) // COPY Dockerfile / # buildkit
 * ```
 */
export function historyOf(image: Image): readonly HistoryEntry[] {
  const layers = image.layers.map(({ descriptor, diffID }) => ({
    digest: descriptor.digest,
    diffID,
    size: descriptor.size,
  }))
  const entries = (image.config.history ?? []).map(
    (entry): HistoryEntry => ({
      created: entry.created,
      createdBy: entry.created_by ?? '',
      comment: entry.comment,
      layer: entry.empty_layer ? undefined : layers.shift(),
    }),
  )
  const unexplained = layers.map(
    (layer): HistoryEntry => ({ created: undefined, createdBy: '', comment: undefined, layer }),
  )
  return [...entries, ...unexplained].reverse()
}
