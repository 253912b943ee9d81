// The changes of a command in an overlayfs, read from the upper directory.
import fs from 'node:fs'
import { joinPath } from '../../base/paths.ts'
import type { SourceEntry } from '../entry.ts'
import type { TreeEntry } from '../file-tree.ts'
import { bytesToPath, toFsPath } from '../paths/path-bytes.ts'
import { type CaptureOptions, changedEntries, type Found, whileReading } from './changed-entries.ts'

export interface CaptureOverlayOptions extends CaptureOptions {
  /** The upper directory. Contents are read from it when the layer is written. */
  readonly upper: string
  /**
   * The mount point of the overlayfs, mounted without `metacopy` and `redirect_dir`, so that all of a changed
   * file is in `upper`.
   */
  readonly merged: string
  /** True for entries that could not be created on disk, so that their absence is not a deletion. */
  readonly isMissing?: ((entry: TreeEntry) => boolean) | undefined
}

/**
 * The changes as the entries of a layer: see {@link changedEntries}. The cost is proportional to the changes
 * and to the directories with changes. Needs no extended attributes of overlayfs: a name that a directory has
 * below and not in `merged` was removed, by a whiteout or by an opaque directory. Blocks until done. Errors
 * with `STORE_IO` if something can't be read.
 */
export function captureOverlay(options: CaptureOverlayOptions): readonly SourceEntry[] {
  const { upper } = options
  return whileReading(upper, () => {
    return changedEntries(findChanges({ path: '', file: upper, stat: lstat(upper) }, options), options)
  })
}

function findChanges({ path, file, stat }: Omit<Found, 'children'>, options: CaptureOverlayOptions): Found {
  const children = new Map<string, Found | undefined>()
  if (!stat.isDirectory() || options.exclude.has(path)) return { path, file, stat, children }
  for (const name of removedNames(path, options)) children.set(name, undefined)
  for (const name of namesIn(file)) {
    const child = {
      path: joinPath(path, name),
      file: `${file}/${name}`,
      stat: lstat(`${file}/${name}`),
    }
    if (!isWhiteout(child.stat)) children.set(name, findChanges(child, options))
  }
  return { path, file, stat, children }
}

function removedNames(path: string, { below, merged, isMissing }: CaptureOverlayOptions): readonly string[] {
  const before = below.list(path)
  if (before.length === 0) return []
  const after = new Set(namesIn(`${merged}/${path}`))
  const prefix = path === '' ? 0 : path.length + 1
  const names: string[] = []
  for (const entry of before) {
    const name = entry.path.slice(prefix)
    if (!after.has(name) && !isMissing?.(entry)) names.push(name)
  }
  return names
}

function isWhiteout(stat: fs.BigIntStats): boolean {
  return stat.isCharacterDevice() && stat.rdev === 0n
}

function namesIn(directory: string): readonly string[] {
  return fs.readdirSync(toFsPath(directory), 'buffer').map((name) => bytesToPath(name))
}

function lstat(file: string): fs.BigIntStats {
  return fs.lstatSync(toFsPath(file), { bigint: true })
}
