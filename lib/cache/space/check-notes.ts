// Finds the small files of a store that a reader would pass over as damaged, and removes them.
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { digestPath, isDigest } from '../../oci/digest.ts'
import { namesIn, readJsonIfSound, storeIO } from '../atomic-files.ts'
import { recordFiles } from '../records.ts'
import { referenceFiles } from '../references.ts'
import { fileStatus, readNotes } from './derived-notes.ts'

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

function lostEncodings(root: string): readonly string[] {
  const layers = join(root, 'layers')
  return namesIn(layers)
    .flatMap((layer) => namesIn(join(layers, layer)).map((name) => join(layers, layer, name)))
    .filter((path) => {
      const digest = `sha256:${/([0-9a-f]{64})\.json$/.exec(path)?.[1] ?? ''}`
      return !isDigest(digest) || !fileStatus(join(root, digestPath(digest)))
    })
}
