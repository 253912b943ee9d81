import type { Layer } from '../../../oci/types.ts'
import { EMPTY, stack } from '../../filesystem.ts'
import type { Filesystem } from '../../session.ts'

/** Gives the same object for the same layers: views and directories are kept by it. */
export type Stacks = (layers: readonly Layer[]) => Filesystem

export function createStacks(): Stacks {
  interface Node {
    readonly filesystem: Filesystem
    readonly next: Map<string, Node>
  }
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
