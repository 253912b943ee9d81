// SOURCE_DATE_EPOCH in the layers of RUN steps.
import { setTimes } from '../../../layers/diff/set-times.ts'
import type { SourceEntry } from '../../../layers/entry.ts'
import { entryWith } from '../../../layers/entry-with.ts'
import { isWhiteoutPath } from '../../../layers/whiteout.ts'

/**
 * Gives all changed files one time, in the entries and in the directory on disk. Whiteouts keep theirs. `timestamp`
 * is in seconds since 1970; undefined changes nothing.
 */
export function withSourceDateEpoch(
  entries: readonly SourceEntry[],
  directory: string,
  timestamp: number | undefined,
): readonly SourceEntry[] {
  if (timestamp === undefined) return entries
  const timed = entries.map((entry) =>
    isWhiteoutPath(entry.path) ? entry : entryWith(entry, { mtime: timestamp, stat: undefined }),
  )
  setTimes(directory, timed)
  return timed
}
