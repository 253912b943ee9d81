// Names by which a layer hides files of the layers below it (image-spec, layer.md#whiteouts).
import { baseName, joinPath } from '../base/paths.ts'
import type { SourceEntry } from './entry.ts'

const PREFIX = '.wh.'
const OPAQUE = '.wh..wh..opq'
/** AUFS began its own names in this way. They hide nothing, and no file is made of them. */
const RESERVED = '.wh..wh.'

/**
 * The effect of a whiteout: it hides one name of its directory, all names that lower layers have in its directory
 * (`opaque`), or `nothing`, if the name is reserved.
 */
export type Whiteout =
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'opaque' }
  | { readonly kind: 'nothing' }

/** The whiteout that a name is; undefined for the name of a file. */
export function parseWhiteout(name: string): Whiteout | undefined {
  if (!isWhiteoutName(name)) return undefined
  if (name === OPAQUE) return { kind: 'opaque' }
  if (name === PREFIX || name.startsWith(RESERVED)) return { kind: 'nothing' }
  return { kind: 'name', name: name.slice(PREFIX.length) }
}

/** Whether a layer can have no file of this name, because the name is a whiteout. */
export function isWhiteoutName(name: string): boolean {
  return name.startsWith(PREFIX)
}

/** Whether the last component of a path is a whiteout. */
export function isWhiteoutPath(path: string): boolean {
  return path.includes(PREFIX) && isWhiteoutName(baseName(path))
}

/** The entry that hides a name in a directory. */
export function whiteoutEntry(directory: string, name: string): SourceEntry {
  return { path: joinPath(directory, PREFIX + name), type: 'file', mode: 0, uid: 0, gid: 0, mtime: 0, size: 0 }
}

/** A name that no entry of any layer stands for, for files that exist only while a layer is unpacked. */
export const SCRATCH_NAME: string = `${RESERVED}unpacking`
