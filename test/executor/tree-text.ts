// Trees and layer entries as text, one entry a line: `type mode uid:gid path [@mtime] [#inode] [= content | ->
// target]`.
import type { Entry } from '../../lib/layers/entry.ts'
import { entryWith, type PlainEntry } from '../../lib/layers/entry-with.ts'
import type { FileTree, TreeEntry } from '../../lib/layers/file-tree.ts'

const TYPES = { f: 'file', d: 'directory', l: 'symlink', h: 'hardlink', p: 'fifo', c: 'character' } as const
const LINE = /^([fdlhpc]) (\d+) (\d+):(\d+) (\S+)(?: @(\d+))?(?: #(\S+))?(?: = (.*)| -> (.*))?$/

/** The entries that lines describe. Times are 100 where none is given. */
export function parseEntries(text: string): PlainEntry[] {
  const lines = text.split('\n').flatMap((line) => line.trim() || [])
  return lines.map((line): TreeEntry => {
    const match = LINE.exec(line)
    if (!match) throw new Error(`not an entry: ${line}`)
    const [, type, mode, uid, gid, path = '', mtime = '100', inode, content = '', linkname] = match
    const bytes = Buffer.from(content)
    return {
      path,
      type: TYPES[type as keyof typeof TYPES],
      mode: Number.parseInt(mode ?? '', 8),
      uid: Number(uid),
      gid: Number(gid),
      mtime: Number(mtime),
      size: bytes.length,
      ...(type === 'f' && { content: { kind: 'bytes', bytes }, sha256: `sha256 of ${content}` }),
      ...(linkname !== undefined && { linkname }),
      ...(inode !== undefined && { inode }),
    }
  })
}

/** A tree of the entries that lines describe; missing directories are root's, and `.` is the root. */
export function parseTree(text: string): FileTree {
  const entries = new Map<string, TreeEntry>()
  const root: TreeEntry = { path: '', type: 'directory', mode: 0o755, uid: 0, gid: 0, mtime: 100, size: 0 }
  entries.set('', root)
  for (const entry of parseEntries(text)) {
    if (entry.path === '.') {
      entries.set('', entryWith(entry, { path: '' }))
      continue
    }
    const parts = entry.path.split('/')
    for (let i = 1; i < parts.length; i++) {
      const path = parts.slice(0, i).join('/')
      if (!entries.has(path)) entries.set(path, entryWith(root, { path }))
    }
    entries.set(entry.path, entry)
  }
  const parent = (path: string) => path.slice(0, Math.max(0, path.lastIndexOf('/')))
  return {
    lookup: (path) => entries.get(path),
    list: (path) =>
      [...entries.values()]
        .filter((entry) => entry.path !== '' && parent(entry.path) === path)
        .sort((a, b) => (a.path < b.path ? -1 : 1)),
  }
}

/** Entries as lines. Times are left out where they are 100. */
export function formatEntries(entries: readonly PlainEntry[]): string {
  return entries.map(formatEntry).join('\n')
}

function formatEntry(entry: PlainEntry): string {
  const { mode, uid, gid, path, mtime, linkname, content } = entry
  const time = mtime === 100 ? '' : ` @${mtime}`
  const link = linkname === undefined ? '' : ` -> ${linkname}`
  const text = content?.kind === 'bytes' && content.bytes.length > 0 ? ` = ${Buffer.from(content.bytes)}` : ''
  return `${letterOf(entry)} ${mode.toString(8)} ${uid}:${gid} ${path}${time}${link}${text}`
}

function letterOf({ type }: Entry): string {
  return Object.entries(TYPES).find(([, name]) => name === type)?.[0] ?? '?'
}

/** Lines without the indentation of the test that they are in. */
export function lines(text: string): string {
  return text
    .split('\n')
    .flatMap((line) => line.trim() || [])
    .join('\n')
}
