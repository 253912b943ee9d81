import type { Writable } from 'node:stream'
import type { ContentStore } from '../oci/content.ts'

/** The inputs of an export besides the image. */
export interface ExportSource {
  /** The store with the image's blobs. */
  readonly store: ContentStore
  readonly signal?: AbortSignal | undefined
  /** Full names for the image, if the output gives none. */
  readonly names?: readonly string[] | undefined
  /** The stream for `-`; default the standard output of the process. */
  readonly stdout?: Writable | undefined
  /** The time of directories that are in no image, in seconds since 1970. */
  readonly epoch?: number | undefined
}
