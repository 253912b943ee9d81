import type { CaptureOptions } from '../../../layers/diff/changed-entries.ts'
import type { SourceEntry } from '../../../layers/entry.ts'
import type { DiffID } from '../../../oci/types.ts'

/** The root filesystem of a step: a directory on the host, and the ways to end its use. */
export interface RunRoot {
  readonly directory: string
  /**
   * The changes since the root was opened, as the entries of a layer. A `timestamp` (seconds since 1970) becomes the
   * time of all changed files, on disk too: later steps see the files as a build from the layer would see them.
   */
  capture(options: Omit<CaptureOptions, 'below' | 'exactModes'>, timestamp: number | undefined): readonly SourceEntry[]
  /** Keeps the changes for the steps on top of this one, once they are a layer. */
  keep(diffID: DiffID): Promise<void>
  /** Moves the changes to a new directory, for openRoot() to continue from. */
  moveChanges(directory: string): Promise<void>
  /** Drops the changes. Idempotent; does nothing after {@link RunRoot.keep} and {@link RunRoot.moveChanges}. */
  discard(): Promise<void>
}
