// A stack of layers as one tree of files, made from their indexes: nothing is extracted.
import { TsbuildError } from '../errors.ts'
import type { DiffID } from '../oci/types.ts'
import type { Entry, LayerEntry, LayerIndex } from './entry.ts'
import type { FileTree, TreeEntry } from './file-tree.ts'

/** A layer with its index, and where its plain tar is or would be. */
export interface UnionLayer {
  readonly diffID: DiffID
  readonly index: LayerIndex
  /** Only put into entries' content: the file need not exist before content is read. */
  readonly plainPath: string
}

/** An entry of a union, with the layer that it is from; undefined for directories that no layer has. */
export interface UnionEntry extends TreeEntry {
  readonly layer: DiffID | undefined
}

export interface UnionView extends FileTree {
  lookup(path: string): UnionEntry | undefined
  list(path: string): readonly UnionEntry[]
}

/**
 * The layers, lowest first, as what a container would see (image-spec layer.md#applying-changesets): whiteouts hide what lower
 * layers have, a file replaces a directory and the other way round, hard links share an inode, missing parents are root's with
 * mode 0755. Nothing is done before the first call; that one errors with `LAYER_INVALID` if a hard link leads nowhere.
 */
export function createUnionView(layers: readonly UnionLayer[]): UnionView {
  let root: Node | undefined
  const tree = (): Node => (root ??= merge(layers))
  return {
    lookup(path) {
      const node = find(tree(), path)
      return node && toEntry(node, path)
    },
    list(path) {
      const node = find(tree(), path)
      if (node?.children === undefined) return []
      node.names ??= [...node.children.keys()].sort()
      const prefix = path === '' ? '' : `${path}/`
      return node.names.flatMap((name) => {
        const child = node.children?.get(name)
        return child ? [toEntry(child, prefix + name)] : []
      })
    },
  }
}

const WHITEOUT = '.wh.'
const OPAQUE = '.wh..wh..opq'
/** Names that AUFS used for itself; nothing else starts so. */
const WHITEOUT_META = '.wh..wh.'

/** What hard links share. */
interface Inode {
  readonly entry: Omit<Entry, 'path'> & { readonly offset?: number; readonly sha256?: string | undefined }
  readonly layer: UnionLayer | undefined
  /** Set when a second link is made. */
  id: string | undefined
}

interface Node {
  inode: Inode
  /** Of directories only. */
  children: Map<string, Node> | undefined
  /** The children's names in order, once asked for. */
  names: readonly string[] | undefined
}

const IMPLICIT: Inode = {
  entry: { type: 'directory', mode: 0o755, uid: 0, gid: 0, mtime: 0, size: 0 },
  layer: undefined,
  id: undefined,
}

function merge(layers: readonly UnionLayer[]): Node {
  const root = directory(IMPLICIT)
  const linked = new Map<Inode, Set<string>>()
  for (const layer of layers) {
    // Whiteouts hide lower layers only, wherever they are in the tar.
    for (const entry of layer.index.entries) if (entry.path.includes(WHITEOUT)) hide(root, entry.path)
    addLayer(root, layer, linked)
  }
  dropLoneLinks(root, linked)
  return root
}

function hide(root: Node, path: string): void {
  const { parent, name } = split(path)
  if (!name.startsWith(WHITEOUT)) return
  const node = find(root, parent)
  if (name === OPAQUE) node?.children?.clear()
  else if (!name.startsWith(WHITEOUT_META)) node?.children?.delete(name.slice(WHITEOUT.length))
}

function addLayer(root: Node, layer: UnionLayer, linked: Map<Inode, Set<string>>): void {
  // Entries of one directory follow one another.
  let lastParent = ''
  let last = root
  let count = 0
  for (const entry of layer.index.entries) {
    count++
    const { parent, name } = split(entry.path)
    if (name.startsWith(WHITEOUT)) continue
    if (entry.path === '') {
      if (entry.type === 'directory') root.inode = { entry, layer, id: undefined }
      continue
    }
    if (parent !== lastParent || last.children === undefined) {
      last = makeDirectory(root, parent)
      lastParent = parent
    }
    const inode = entry.type === 'hardlink' ? link(root, entry, layer, count, linked) : { entry, layer, id: undefined }
    const replaced = place(last, name, inode)
    // What was remembered may be what was just replaced, or below it.
    if (replaced) lastParent = '/'
  }
}

/** Puts an inode at a name. Returns whether a directory went away. */
function place(parent: Node, name: string, inode: Inode): boolean {
  const children = (parent.children ??= new Map())
  const old = children.get(name)
  if (inode.entry.type === 'directory') {
    if (old?.children === undefined) children.set(name, directory(inode))
    else old.inode = inode
    return false
  }
  children.set(name, { inode, children: undefined, names: undefined })
  return old?.children !== undefined
}

function link(root: Node, entry: LayerEntry, layer: UnionLayer, count: number, linked: Map<Inode, Set<string>>): Inode {
  const target = entry.linkname ?? ''
  const node = find(root, target)
  if (node === undefined || node.children !== undefined) {
    const what = node === undefined ? 'does not exist' : 'is a directory'
    const message = `layer ${layer.diffID}: hard link ${JSON.stringify(entry.path)} to ${JSON.stringify(target)}, which ${what}`
    throw new TsbuildError('LAYER_INVALID', message)
  }
  const { inode } = node
  inode.id ??= `${layer.diffID}:${count}`
  const paths = linked.get(inode) ?? new Set([target])
  linked.set(inode, paths.add(entry.path))
  return inode
}

/** Links may have been hidden or replaced since they were made. */
function dropLoneLinks(root: Node, linked: ReadonlyMap<Inode, ReadonlySet<string>>): void {
  for (const [inode, paths] of linked) {
    const left = [...paths].filter((path) => find(root, path)?.inode === inode)
    if (left.length < 2) inode.id = undefined
  }
}

function makeDirectory(root: Node, path: string): Node {
  let node = root
  if (path === '') return node
  for (const name of path.split('/')) {
    const children = (node.children ??= new Map())
    let child = children.get(name)
    if (child?.children === undefined) children.set(name, (child = directory(IMPLICIT)))
    node = child
  }
  return node
}

function find(root: Node, path: string): Node | undefined {
  let node: Node | undefined = root
  if (path === '') return node
  for (let at = 0; node !== undefined && at <= path.length; ) {
    const slash = path.indexOf('/', at)
    const end = slash === -1 ? path.length : slash
    node = node.children?.get(path.slice(at, end))
    at = end + 1
  }
  return node
}

function directory(inode: Inode): Node {
  return { inode, children: new Map(), names: undefined }
}

function split(path: string): { readonly parent: string; readonly name: string } {
  const slash = path.lastIndexOf('/')
  return slash === -1 ? { parent: '', name: path } : { parent: path.slice(0, slash), name: path.slice(slash + 1) }
}

function toEntry(node: Node, path: string): UnionEntry {
  const { entry, layer, id } = node.inode
  return {
    path,
    type: entry.type,
    mode: entry.mode,
    uid: entry.uid,
    gid: entry.gid,
    mtime: entry.mtime,
    size: entry.size,
    linkname: entry.linkname,
    xattrs: entry.xattrs,
    devMajor: entry.devMajor,
    devMinor: entry.devMinor,
    sha256: entry.sha256,
    content:
      entry.type === 'file' && layer ? { kind: 'range', path: layer.plainPath, offset: entry.offset ?? 0 } : undefined,
    inode: id,
    layer: layer?.diffID,
  }
}
