// One layer as a directory for overlayfs to stack.
import { baseName, joinPath, splitPath } from '../../base/paths.ts'
import type { LayerIndex, SourceEntry } from '../entry.ts'
import { asLinkOfFirst } from '../union/tree-entries.ts'
import { extendUnionView, type UnionLayer, type UnionView } from '../union/union-view.ts'
import { isWhiteoutName, parseWhiteout } from '../whiteout.ts'
import { rootPolicy, type UnpackRootOptions } from './unpack-root.ts'
import { reportingErrors } from './unpack-tree.ts'
import { isWhiteoutDevice, type OverlayWhiteout, type UnpackedTree, unpackEntries, WhiteoutError } from './unpacker.ts'

export type UnpackedLayer =
  | (UnpackedTree & { readonly kind: 'unpacked' })
  /** Whiteouts can't be made here, so that layers can't be stacked. The files written so far are useless. */
  | { readonly kind: 'impossible'; readonly reason: string }

/**
 * Writes a layer into an empty directory for overlayfs to stack on the directories of the layers below, whose
 * view is `below`. Needs no extended attributes: each name that the layer hides, by an opaque marker or by
 * replacing a directory, becomes a whiteout, and directories that the layer only passes through get the
 * metadata that they have below. Hard links to files of lower layers become copies, whose content must be in
 * place, like the layer's own (see `ensurePlainLayer`). Otherwise works as `unpackRoot`, except that the
 * directory itself keeps its mode and owner.
 */
export async function unpackLayer(
  layer: UnionLayer,
  below: UnionView,
  directory: string,
  options: UnpackRootOptions,
): Promise<UnpackedLayer> {
  const entries = overlayEntries(layer, below, options)
  try {
    const unpacked = await reportingErrors('STORE_IO', directory, () =>
      unpackEntries(entries, directory, rootPolicy(options), options),
    )
    return { kind: 'unpacked', ...unpacked }
  } catch (error) {
    if (error instanceof WhiteoutError) return { kind: 'impossible', reason: error.message }
    throw error
  }
}

/**
 * Whether the directory that {@link unpackLayer} writes depends on the layers below. If not, it serves the
 * layer in any stack.
 */
export function dependsOnBelow({ entries }: LayerIndex): boolean {
  const directories = new Map<string, boolean>([['', true]])
  for (const { path, type, linkname } of entries) {
    const { parent, name } = splitPath(path)
    const known = directories.get(path)
    if (isWhiteoutName(name) || directories.get(parent) !== true) return true
    if (known !== undefined && !(known && type === 'directory')) return true
    if (type === 'hardlink' && directories.get(linkname ?? '') !== false) return true
    directories.set(path, type === 'directory')
  }
  return false
}

/**
 * The entries of the layer's directory: parents first, the root left out, the first of several hard links as a
 * file.
 */
function* overlayEntries(
  layer: UnionLayer,
  below: UnionView,
  { virtualDevices = false }: UnpackRootOptions,
): Generator<SourceEntry | OverlayWhiteout> {
  const view = extendUnionView(below, layer)
  const touched = touchedNames(layer.index)
  const firstLinks = new Map<string, string>()
  const pending: string[] = []
  const push = (directory: string) => {
    const names = new Set(touched.get(directory))
    for (const name of hiddenNames(directory, below, view)) names.add(name)
    for (const name of [...names].sort().reverse()) pending.push(joinPath(directory, name))
  }
  push('')
  for (let path = pending.pop(); path !== undefined; path = pending.pop()) {
    const entry = view.lookup(path)
    if (entry === undefined) {
      if (below.lookup(path)) yield { path, type: 'whiteout' }
      continue
    }
    // Such a device can't be made, but must hide the entry below.
    if (isWhiteoutDevice(entry) && !virtualDevices && below.lookup(path)) yield { path, type: 'whiteout' }
    yield asLinkOfFirst(entry, firstLinks)
    if (entry.type === 'directory') push(path)
  }
}

/** The names of the layer's entries, of the names that it hides, and of the directories above them, by directory. */
function touchedNames({ entries }: LayerIndex): ReadonlyMap<string, ReadonlySet<string>> {
  const touched = new Map<string, Set<string>>()
  for (const entry of entries) {
    const { parent, name } = splitPath(entry.path)
    const whiteout = parseWhiteout(name)
    if (whiteout?.kind === 'nothing') continue
    // The names that an opaque marker hides are found when its directory is visited.
    let path = whiteout?.kind === 'opaque' ? parent : whiteout ? joinPath(parent, whiteout.name) : entry.path
    while (path !== '') {
      const { parent: directory, name: child } = splitPath(path)
      const names = touched.get(directory)
      if (names?.has(child)) break
      if (names) names.add(child)
      else touched.set(directory, new Set([child]))
      path = directory
    }
  }
  return touched
}

/** The names that a directory has below, and no longer has in the view. */
function hiddenNames(directory: string, below: UnionView, view: UnionView): readonly string[] {
  const before = below.list(directory)
  if (before.length === 0) return []
  const after = new Set(view.list(directory).map(({ path }) => path))
  return before.filter(({ path }) => !after.has(path)).map(({ path }) => baseName(path))
}
