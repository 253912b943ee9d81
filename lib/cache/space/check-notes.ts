// Finds the small files of a store that a reader would pass over as damaged, and removes them.
import { rmSync } from 'node:fs'
import { readJsonIfSound, storeIO } from '../atomic-files.ts'
import { recordFiles } from '../records.ts'
import { referenceFiles } from '../references.ts'
import { lostEncodings } from './blob-parts.ts'
import { readNotes } from './derived-notes.ts'

/** A file that a check removed. */
export interface RemovedFile {
  /** The path below the store's directory. */
  readonly path: string
  readonly reason: string
}

/** Kinds of derived data that are JSON. */
const JSON_KINDS: ReadonlySet<string> = new Set(['chunks', 'manifest', 'origin', 'resolved'])

/**
 * Removes damaged names, build records and notes, and encodings of layers whose blob is gone. `isSound` decides on
 * derived data that is not JSON. Errors with `STORE_IO`.
 */
export function removeDamagedNotes(
  root: string,
  isSound: (kind: string, path: string) => boolean,
): readonly RemovedFile[] {
  const damaged = [
    ...referenceFiles(root).flatMap(({ path, isSound: sound }) => (sound ? [] : [{ path, reason: 'a damaged name' }])),
    ...recordFiles(root).flatMap(({ path, isSound: sound }) => (sound ? [] : [{ path, reason: 'a damaged record' }])),
    ...readNotes(root).flatMap(({ kind, path }) => {
      const sound = JSON_KINDS.has(kind) ? readJsonIfSound(path) !== undefined : isSound(kind, path)
      return sound ? [] : [{ path, reason: `a damaged note (${kind})` }]
    }),
    ...lostEncodings(root).map((path) => ({ path, reason: 'an encoding of a layer without its blob' })),
  ]
  return damaged.map(({ path, reason }) => {
    storeIO(`removing ${JSON.stringify(path)}`, () => rmSync(path, { force: true }))
    return { path: path.slice(root.length + 1), reason }
  })
}
