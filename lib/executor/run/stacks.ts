import type { Layer } from '../../oci/types.ts'
import type { Filesystem } from '../session.ts'

/** Gives the same object for the same layers: views and directories are kept by it. */
export type Stacks = (layers: readonly Layer[]) => Filesystem

export function createStacks(): Stacks {
  interface Node {
    readonly filesystem: Filesystem
    readonly next: Map<string, Node>
  }
  const empty: Node = { filesystem: { layers: [] }, next: new Map() }
  return (layers) => {
    let node = empty
    for (const layer of layers) {
      let next = node.next.get(layer.diffID)
      if (!next) {
        const below = node.filesystem
        next = { filesystem: { layers: [...below.layers, { layer, created: undefined }], below }, next: new Map() }
        node.next.set(layer.diffID, next)
      }
      node = next
    }
    return node.filesystem
  }
}
