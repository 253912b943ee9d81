import type { Layer } from '../../oci/types.ts'
import { EMPTY, stack } from '../filesystem.ts'
import type { Filesystem } from '../session.ts'

/**
 * The filesystem of a stack of layers, bottom first. The same layers give the same object, since views and
 * directories are kept by it.
 */
export type LayerStacks = (layers: readonly Layer[]) => Filesystem

interface Node {
  readonly filesystem: Filesystem
  readonly next: Map<string, Node>
}

export function createLayerStacks(): LayerStacks {
  const empty: Node = { filesystem: EMPTY, next: new Map() }
  return (layers) => {
    let node = empty
    for (const layer of layers) {
      let next = node.next.get(layer.diffID)
      if (!next) {
        next = { filesystem: stack(node.filesystem, { layer, created: undefined }), next: new Map() }
        node.next.set(layer.diffID, next)
      }
      node = next
    }
    return node.filesystem
  }
}
