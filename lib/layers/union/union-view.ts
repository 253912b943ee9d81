// A stack of layers as one tree of files, made from their indexes: nothing is extracted.
import { TsbuildError } from '../../base/errors.ts'
import { joinPath, splitPath } from '../../base/paths.ts'
import type { DiffID } from '../../oci/types.ts'
import type { Content, Entry, EntryType, LayerEntry, LayerIndex } from '../entry.ts'
import type { FileTree, TreeEntry } from '../file-tree.ts'
import { isWhiteoutName, isWhiteoutPath, parseWhiteout } from '../whiteout.ts'
import { NameTable } from './name-table.ts'

/** A layer with its index, and where its plain tar is or would be. */
export interface UnionLayer {
  readonly diffID: DiffID
  readonly index: LayerIndex
  /** Only put into entries' content: the file need not exist before content is read. */
  readonly plainPath: string
}

/** An entry of a union. `layer` is undefined for directories that no layer has. */
export interface UnionEntry extends TreeEntry {
  readonly layer: DiffID | undefined
}

export interface UnionView extends FileTree {
  lookup(path: string): UnionEntry | undefined
  list(path: string): readonly UnionEntry[]
}

/**
 * The tree that a container of these layers, lowest first, sees (image-spec layer.md#applying-changesets):
 * whiteouts hide entries of lower layers, a file replaces a directory and the other way round, hard links share
 * an inode, missing parents are root's with mode 0755. Errors with `LAYER_INVALID` if a hard link leads
 * nowhere.
 */
export function createUnionView(layers: readonly UnionLayer[]): UnionView {
  return layers.reduce<View>((view, layer) => extend(view, layer), EMPTY)
}

/**
 * A view with one more layer on top. The given view stays unchanged. The new view shares the parts that the
 * layer does not touch, so that the views of a long stack cost no more than its layers.
 */
export function extendUnionView(view: UnionView, layer: UnionLayer): UnionView {
  if (!(view instanceof View)) throw new Error('bug: not a union view')
  return extend(view, layer)
}

/** A class for its identity: only views of this module can be extended. */
class View implements UnionView {
  readonly root: Node
  constructor(root: Node) {
    this.root = root
  }
  lookup(path: string): UnionEntry | undefined {
    const node = find(this.root, path)
    if (!node) return undefined
    const { parent, name } = splitPath(path)
    return new EntryOfInode(parent, name, node.inode)
  }
  list(path: string): readonly UnionEntry[] {
    const node = find(this.root, path)
    if (node?.children === undefined) return []
    node.names ??= node.children.names().sort()
    return node.names.flatMap((name) => {
      const child = node.children?.get(name)
      return child ? [new EntryOfInode(path, name, child.inode)] : []
    })
  }
}

/** The file that several hard links may share. */
interface Inode {
  readonly entry: Omit<Entry, 'path'> & Partial<Pick<LayerEntry, 'offset' | 'sha256' | 'sparse'>>
  readonly layer: UnionLayer | undefined
  /** Set when a second link is made. */
  id: string | undefined
}

/**
 * A class, to save memory: in a copy of 60,000 files from a stage, copied properties would take 13 MB
 * (docs/decisions/entries.md).
 */
class EntryOfInode implements UnionEntry {
  readonly #directory: string
  readonly name: string
  readonly #inode: Inode

  constructor(directory: string, name: string, inode: Inode) {
    this.#directory = directory
    this.name = name
    this.#inode = inode
  }
  get path(): string {
    return joinPath(this.#directory, this.name)
  }
  get layer(): DiffID | undefined {
    return this.#inode.layer?.diffID
  }
  get inode(): string | undefined {
    return this.#inode.id
  }
  get content(): Content | undefined {
    const { entry, layer } = this.#inode
    if (entry.type !== 'file' || !layer) return undefined
    return { kind: 'range', path: layer.plainPath, offset: entry.offset ?? 0, sparse: entry.sparse }
  }
  get type(): EntryType {
    return this.#inode.entry.type
  }
  get mode(): number {
    return this.#inode.entry.mode
  }
  get uid(): number {
    return this.#inode.entry.uid
  }
  get gid(): number {
    return this.#inode.entry.gid
  }
  get mtime(): number {
    return this.#inode.entry.mtime
  }
  get size(): number {
    return this.#inode.entry.size
  }
  get linkname(): string | undefined {
    return this.#inode.entry.linkname
  }
  get xattrs(): Entry['xattrs'] {
    return this.#inode.entry.xattrs
  }
  get devMajor(): number | undefined {
    return this.#inode.entry.devMajor
  }
  get devMinor(): number | undefined {
    return this.#inode.entry.devMinor
  }
  get sha256(): string | undefined {
    return this.#inode.entry.sha256
  }
}

interface Node {
  inode: Inode
  /** Set for directories only. */
  children: NameTable<Node> | undefined
  /** The names of the children in order, once they were listed. */
  names: readonly string[] | undefined
  /**
   * The layer whose merging made this node; nodes of other layers are shared with other views and are copied
   * before a change.
   */
  readonly madeFor: UnionLayer | undefined
}

const IMPLICIT: Inode = {
  entry: { type: 'directory', mode: 0o755, uid: 0, gid: 0, mtime: 0, size: 0 },
  layer: undefined,
  id: undefined,
}
const EMPTY = new View(directory(IMPLICIT, undefined))

function extend(view: View, layer: UnionLayer): View {
  const root = writable(view.root, layer)
  // Whiteouts hide lower layers only, wherever they are in the tar.
  for (const entry of layer.index.entries) if (isWhiteoutPath(entry.path)) hide(root, entry.path, layer)
  addLayer(root, layer)
  return new View(root)
}

function hide(root: Node, path: string, layer: UnionLayer): void {
  const { parent, name } = splitPath(path)
  const whiteout = parseWhiteout(name)
  if (!whiteout || whiteout.kind === 'nothing' || find(root, parent)?.children === undefined) return
  const children = makeDirectory(root, parent, layer).children
  if (whiteout.kind === 'opaque') children?.clear()
  else children?.delete(whiteout.name)
}

function addLayer(root: Node, layer: UnionLayer): void {
  // Entries of one directory follow one another.
  let lastParent = ''
  let last = root
  let count = 0
  for (const entry of layer.index.entries) {
    count++
    const { parent, name } = splitPath(entry.path)
    if (isWhiteoutName(name)) continue
    if (entry.path === '') {
      if (entry.type === 'directory') root.inode = { entry, layer, id: undefined }
      continue
    }
    if (parent !== lastParent || last.children === undefined) {
      last = makeDirectory(root, parent, layer)
      lastParent = parent
    }
    const inode = entry.type === 'hardlink' ? link(root, entry, layer, count) : { entry, layer, id: undefined }
    const replaced = place(last, name, inode, layer)
    // The remembered directory may have been replaced, or be below a replaced one.
    if (replaced) lastParent = '/'
  }
}

/** Puts an inode at a name. Returns whether a directory went away. */
function place(parent: Node, name: string, inode: Inode, layer: UnionLayer): boolean {
  const children = (parent.children ??= new NameTable())
  const old = children.get(name)
  if (inode.entry.type === 'directory') {
    const kept = old?.children === undefined ? directory(inode, layer) : writable(old, layer)
    kept.inode = inode
    children.set(name, kept)
    return kept !== old
  }
  children.set(name, { inode, children: undefined, names: undefined, madeFor: layer })
  return old?.children !== undefined
}

function link(root: Node, entry: LayerEntry, layer: UnionLayer, count: number): Inode {
  const target = entry.linkname ?? ''
  const node = find(root, target)
  if (node === undefined || node.children !== undefined) {
    const what = node === undefined ? 'does not exist' : 'is a directory'
    const message = `layer ${layer.diffID}: hard link ${JSON.stringify(entry.path)} to ${JSON.stringify(target)}, which ${what}`
    throw new TsbuildError('LAYER_INVALID', message)
  }
  node.inode.id ??= `${layer.diffID}:${count}`
  return node.inode
}

/** The directory at a path, for changes: made where it is missing, copied where it is shared. */
function makeDirectory(root: Node, path: string, layer: UnionLayer): Node {
  let node = root
  if (path === '') return node
  for (const name of path.split('/')) {
    const children = (node.children ??= new NameTable())
    const child = children.get(name)
    const own = child?.children === undefined ? directory(IMPLICIT, layer) : writable(child, layer)
    if (own !== child) children.set(name, own)
    node = own
  }
  return node
}

function writable(node: Node, layer: UnionLayer): Node {
  if (node.madeFor === layer) {
    node.names = undefined
    return node
  }
  return { inode: node.inode, children: node.children?.fork() ?? new NameTable(), names: undefined, madeFor: layer }
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

function directory(inode: Inode, madeFor: UnionLayer | undefined): Node {
  return { inode, children: new NameTable(), names: undefined, madeFor }
}
