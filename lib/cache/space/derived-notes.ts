// The derived data of a store, by kind: what blobs, layers and contexts it is about.
import { type Stats, statSync } from 'node:fs'
import { join } from 'node:path'
import { namesIn } from '../atomic-files.ts'

/** A file of derived data. */
export interface Note {
  readonly kind: string
  /** The hexadecimal digits of the digest that it is about. */
  readonly hex: string
  readonly path: string
  readonly size: number
  readonly mtimeMs: number
}

/** All derived data of the store at `root`. */
export function readNotes(root: string): readonly Note[] {
  const directory = join(root, 'derived')
  return namesIn(directory).flatMap((kind) =>
    namesIn(join(directory, kind)).flatMap((name) => {
      const path = join(directory, kind, name)
      const stat = fileStatus(path)
      return stat ? [{ kind, hex: name.slice(name.indexOf('-') + 1), path, ...stat }] : []
    }),
  )
}

/** Size and time of a regular file. */
export function fileStatus(path: string): Pick<Stats, 'size' | 'mtimeMs'> | undefined {
  const stat = statSync(path, { throwIfNoEntry: false })
  return stat?.isFile() ? { size: stat.size, mtimeMs: stat.mtimeMs } : undefined
}

/** Notes about a layer, by its diffID. */
export const LAYER_NOTES: readonly string[] = ['index']
/** Notes about a blob. */
export const BLOB_NOTES: readonly string[] = ['chunks', 'origin']
/** Notes about files of contexts. */
export const CONTEXT_NOTES: readonly string[] = ['stat', 'seen']
/** Notes that lead to an image: by the digest of its config, and by its name. */
export const IMAGE_NOTES: readonly string[] = ['manifest', 'resolved']
