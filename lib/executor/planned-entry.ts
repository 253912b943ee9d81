import type { SourceEntry } from '../layers/entry.ts'
import type { FileStat } from '../layers/file-tree.ts'

/** An entry to write; files of a directory carry the status that tells whether they changed. */
export interface PlannedEntry extends SourceEntry {
  readonly stat?: FileStat | undefined
}
