import fs from 'node:fs'
import type { SourceEntry } from '../entry.ts'
import { toFsPath } from '../paths/path-bytes.ts'
import { isWhiteoutPath } from '../whiteout.ts'
import { whileReading } from './changed-entries.ts'

/**
 * Gives captured files the times that their entries have, where those were changed after the capture
 * (SOURCE_DATE_EPOCH). A directory in which further commands run then looks as if its layer had been unpacked,
 * and what they leave alone stays out of their layers. Blocks until done. Errors with `STORE_IO`.
 */
export function setTimes(directory: string, entries: Iterable<SourceEntry>): void {
  whileReading(directory, () => {
    for (const { path, type, mtime } of entries) {
      if (type === 'hardlink' || isWhiteoutPath(path)) continue
      fs.lutimesSync(toFsPath(`${directory}/${path}`), mtime, mtime)
    }
  })
}
