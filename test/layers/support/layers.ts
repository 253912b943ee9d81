// Layers in a store, and trees on disk as text.
import fs from 'node:fs'
import type { Store } from '../../../lib/cache/store.ts'
import type { SourceEntry } from '../../../lib/layers/entry.ts'
import type { FileTree } from '../../../lib/layers/file-tree.ts'
import { hashContent } from '../../../lib/layers/hash-content.ts'
import { bytesToPath, toFsPath } from '../../../lib/layers/paths/path-bytes.ts'
import { treeEntries } from '../../../lib/layers/union/tree-entries.ts'
import type { UnionLayer } from '../../../lib/layers/union/union-view.ts'
import { writeLayer } from '../../../lib/layers/write-layer.ts'
import { temporaryStore } from './entries.ts'

/** Layers whose plain tars are in a store that goes when the test ends, as a view takes them. */
export function storedLayers(...layers: readonly (readonly SourceEntry[])[]): Promise<readonly UnionLayer[]> {
  return writeLayers(temporaryStore(), layers)
}

/** The same in a given store. */
export async function writeLayers(
  store: Store,
  layers: readonly (readonly SourceEntry[])[],
): Promise<readonly UnionLayer[]> {
  const written: UnionLayer[] = []
  for (const entries of layers) {
    const { diffID, index } = await writeLayer(entries, store, { compression: { algorithm: 'uncompressed' } })
    written.push({ diffID, index: await index(), plainPath: store.path(diffID) })
  }
  return written
}

/** A line a path: what {@link describeDirectory} says of the tree once it is on disk. */
export function describeTree(tree: FileTree): readonly string[] {
  const links = new Map<string, string[]>()
  for (const { type, path, linkname } of treeEntries(tree)) {
    if (type === 'hardlink') links.set(linkname ?? '', [...(links.get(linkname ?? '') ?? [linkname ?? '']), path])
  }
  const group = new Map([...links.values()].flatMap((paths) => paths.map((path) => [path, paths.join('=')] as const)))
  return [...treeEntries(tree)]
    .map(({ path }) => {
      const entry = tree.lookup(path)
      if (!entry) throw new Error(`${path} is listed and not there`)
      const { type, mode, uid, gid, mtime, linkname, devMajor, devMinor } = entry
      const device = type === 'character' || type === 'block' ? `${devMajor}/${devMinor}` : ''
      const content = type === 'file' ? hashContent(entry) : (linkname ?? device)
      const links = type === 'directory' ? '' : (group.get(path) ?? '')
      return line(
        path,
        type,
        type === 'symlink' ? 0o777 : mode,
        uid,
        gid,
        type === 'directory' ? 0 : mtime,
        content,
        links,
      )
    })
    .sort()
}

/** A line a path: all that a layer keeps of it but a directory's time. */
export function describeDirectory(root: string): readonly string[] {
  const lines: (readonly [bigint, (links: string) => string])[] = []
  const inodes = new Map<bigint, string[]>()
  const visit = (path: string): void => {
    const file = toFsPath(path === '' ? root : `${root}/${path}`)
    const names = fs.readdirSync(file, 'buffer').map((name) => bytesToPath(name))
    for (const name of names.sort()) {
      const child = path === '' ? name : `${path}/${name}`
      const target = toFsPath(`${root}/${child}`)
      const stat = fs.lstatSync(target, { bigint: true })
      const type = typeOf(stat)
      const content =
        type === 'file'
          ? hashContent({
              ...EMPTY,
              path: child,
              size: Number(stat.size),
              content: { kind: 'file', path: `${root}/${child}` },
            })
          : type === 'symlink'
            ? bytesToPath(fs.readlinkSync(target, 'buffer'))
            : type === 'character' || type === 'block'
              ? `${(stat.rdev >> 8n) & 0xfffn}/${(stat.rdev & 0xffn) | ((stat.rdev >> 12n) & 0xfff00n)}`
              : ''
      const isDirectory = type === 'directory'
      const mtime = isDirectory ? 0 : Number(stat.mtimeNs / 1_000_000_000n)
      if (!isDirectory) inodes.set(stat.ino, [...(inodes.get(stat.ino) ?? []), child])
      const mode = Number(stat.mode) & 0o7777
      lines.push([
        stat.ino,
        (links) => line(child, type, mode, Number(stat.uid), Number(stat.gid), mtime, content, links),
      ])
      if (isDirectory) visit(child)
    }
  }
  visit('')
  return lines
    .map(([inode, toLine]) => {
      const paths = inodes.get(inode) ?? []
      return toLine(paths.length > 1 ? paths.join('=') : '')
    })
    .sort()
}

const EMPTY = { type: 'file', mode: 0, uid: 0, gid: 0, mtime: 0 } as const

function typeOf(stat: fs.BigIntStats): string {
  if (stat.isDirectory()) return 'directory'
  if (stat.isSymbolicLink()) return 'symlink'
  if (stat.isFile()) return 'file'
  if (stat.isFIFO()) return 'fifo'
  if (stat.isCharacterDevice()) return 'character'
  return stat.isSocket() ? 'socket' : 'block'
}

function line(
  path: string,
  type: string,
  mode: number,
  uid: number,
  gid: number,
  mtime: number,
  content: string,
  links: string,
): string {
  return [path, type, mode.toString(8), `${uid}:${gid}`, mtime, content.slice(0, 16), links].join(' ').trimEnd()
}
