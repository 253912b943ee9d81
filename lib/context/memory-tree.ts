// Files in memory as a file tree.
import { TsbuildError } from '../base/errors.ts'
import { baseName, cleanPath, parentPath } from '../base/paths.ts'
import type { FileTree, TreeEntry } from '../layers/file-tree.ts'
import type { MemoryFile } from './context-source.ts'

/**
 * A context given as a map of `/`-separated paths. The directories of its files are implied, with mode 0755.
 * Everything belongs to 0:0, and its time is 1970 unless a file gives another. Errors with `CONTEXT_INVALID`
 * for a path that leaves the context, is given twice, or is both a file and a directory.
 */
export function openMemory(files: ReadonlyMap<string, MemoryFile>): FileTree {
  const entries = new Map<string, TreeEntry>([['', directoryEntry('')]])
  const children = new Map<string, TreeEntry[]>([['', []]])

  const add = (entry: TreeEntry) => {
    entries.set(entry.path, entry)
    children.get(parentPath(entry.path))?.push(entry)
  }
  const addDirectory = (path: string) => {
    const existing = entries.get(path)
    if (existing?.type === 'directory') return
    if (existing) throw new TsbuildError('CONTEXT_INVALID', `${JSON.stringify(path)} is both a file and a directory`)
    addDirectory(parentPath(path))
    children.set(path, [])
    add(directoryEntry(path))
  }

  for (const [name, file] of files) {
    const path = cleanPath(name)
    if (path === '' || name.split('/').includes('..')) {
      throw new TsbuildError('CONTEXT_INVALID', `${JSON.stringify(name)} is not the path of a file in the context`)
    }
    if (entries.has(path)) throw new TsbuildError('CONTEXT_INVALID', `${JSON.stringify(path)} is given twice`)
    addDirectory(parentPath(path))
    add(entryOf(path, file))
  }
  for (const list of children.values()) list.sort((a, b) => (baseName(a.path) < baseName(b.path) ? -1 : 1))

  return { lookup: (path) => entries.get(path), list: (path) => children.get(path) ?? [] }
}

/** The bytes of a file in memory; undefined for a symlink. */
export function memoryContent(file: MemoryFile): Uint8Array | undefined {
  if (typeof file === 'string') return Buffer.from(file)
  if (file instanceof Uint8Array) return file
  return 'symlink' in file ? undefined : memoryContent(file.content)
}

function entryOf(path: string, file: MemoryFile): TreeEntry {
  const base = { path, uid: 0, gid: 0, mtime: 0, size: 0 }
  if (typeof file === 'object' && 'symlink' in file) {
    return { ...base, type: 'symlink', mode: 0o777, linkname: file.symlink }
  }
  const bytes = memoryContent(file) ?? new Uint8Array()
  const plain = typeof file === 'string' || file instanceof Uint8Array || 'symlink' in file
  const { mode = 0o644, mtime = 0 } = plain ? {} : file
  return {
    ...base,
    type: 'file',
    mode: mode & 0o7777,
    mtime,
    size: bytes.length,
    content: { kind: 'bytes', bytes },
  }
}

function directoryEntry(path: string): TreeEntry {
  return { path, type: 'directory', mode: 0o755, uid: 0, gid: 0, mtime: 0, size: 0 }
}
