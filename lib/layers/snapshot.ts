// What a command changed in a directory, told by the status of its files before and after.
import fs from 'node:fs'
import { type CaptureOptions, changedEntries, type Found } from './changed-entries.ts'
import type { SourceEntry } from './entry.ts'
import { bytesToPath, toFsPath } from './path-bytes.ts'

/** The status of everything in a directory, itself included as `''`, by path. */
export type Snapshot = ReadonlyMap<string, fs.BigIntStats>

export interface CaptureSnapshotOptions extends CaptureOptions {
  readonly root: string
  readonly before: Snapshot
  readonly after: Snapshot
}

/**
 * Looks at every path below a directory, without following symlinks. Nothing may be mounted in it. Blocks until done: about 20 µs a
 * path.
 */
export function takeSnapshot(root: string): Snapshot {
  const snapshot = new Map<string, fs.BigIntStats>()
  const pending = ['']
  for (let path = pending.pop(); path !== undefined; path = pending.pop()) {
    const file = fileAt(root, path)
    const stat = fs.lstatSync(toFsPath(file), { bigint: true })
    snapshot.set(path, stat)
    if (!stat.isDirectory()) continue
    for (const name of fs.readdirSync(toFsPath(file), 'buffer')) pending.push(join(path, bytesToPath(name)))
  }
  return snapshot
}

/**
 * What changed between two snapshots, as the entries of a layer: see {@link changedEntries}. A change is told by the inode's number
 * and times, so that nothing can hide one; a file that was rewritten as it was (its time too) is found to be the same by its content.
 * Blocks until done.
 */
export function captureSnapshot(options: CaptureSnapshotOptions): readonly SourceEntry[] {
  const { root, before, after } = options
  const directories = new Map<string, Map<string, Found | undefined>>()
  const childrenOf = (directory: string): Map<string, Found | undefined> => {
    const known = directories.get(directory)
    if (known) return known
    const children = new Map<string, Found | undefined>()
    directories.set(directory, children)
    if (directory !== '') add(directory, children)
    return children
  }
  const add = (path: string, children: ReadonlyMap<string, Found | undefined>): void => {
    const stat = after.get(path)
    const { parent, name } = split(path)
    childrenOf(parent).set(name, stat && { path, file: fileAt(root, path), stat, children })
  }
  for (const [path, stat] of after) {
    if (path === '' || isUnchanged(before.get(path), stat)) continue
    if (stat.isDirectory()) childrenOf(path)
    else add(path, NONE)
  }
  for (const path of before.keys()) {
    // What was in a directory that is gone, or is none any more, went with it.
    if (!after.has(path) && after.get(split(path).parent)?.isDirectory())
      childrenOf(split(path).parent).set(split(path).name, undefined)
  }
  const stat = after.get('')
  if (!stat) throw new Error('bug: a snapshot without its root')
  return changedEntries({ path: '', file: root, stat, children: childrenOf('') }, options)
}

const NONE: ReadonlyMap<string, Found | undefined> = new Map()

function isUnchanged(a: fs.BigIntStats | undefined, b: fs.BigIntStats): boolean {
  return (
    a !== undefined &&
    a.ino === b.ino &&
    a.ctimeNs === b.ctimeNs &&
    a.mtimeNs === b.mtimeNs &&
    a.size === b.size &&
    a.mode === b.mode &&
    a.uid === b.uid &&
    a.gid === b.gid &&
    a.nlink === b.nlink &&
    a.rdev === b.rdev
  )
}

function split(path: string): { readonly parent: string; readonly name: string } {
  const slash = path.lastIndexOf('/')
  return slash === -1 ? { parent: '', name: path } : { parent: path.slice(0, slash), name: path.slice(slash + 1) }
}

function join(directory: string, name: string): string {
  return directory === '' ? name : `${directory}/${name}`
}

function fileAt(root: string, path: string): string {
  return path === '' ? root : `${root}/${path}`
}
