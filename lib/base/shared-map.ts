// Immutable maps. A changed copy shares everything but one path with its original, so a chain of thousands of copies
// costs only its changes.

/** A map from strings; undefined is the empty one. A weight-balanced tree, ordered by key. */
export type SharedMap<V> = SharedNode<V> | undefined

interface SharedNode<V> {
  readonly key: string
  readonly value: V
  /** The number of keys in the map when this key was first set. */
  readonly position: number
  readonly size: number
  readonly left: SharedMap<V>
  readonly right: SharedMap<V>
}

/** The value of a key; undefined if the map does not have it. */
export function valueIn<V>(map: SharedMap<V>, key: string): V | undefined {
  return nodeOf(map, key)?.value
}

export function hasKey(map: SharedMap<unknown>, key: string): boolean {
  return nodeOf(map, key) !== undefined
}

function nodeOf<V>(map: SharedMap<V>, key: string): SharedMap<V> {
  let node = map
  while (node && node.key !== key) node = key < node.key ? node.left : node.right
  return node
}

/**
 * The map with a key set; the map itself if the key had that value. An existing key keeps its position in the order.
 */
export function withValue<V>(map: SharedMap<V>, key: string, value: V): SharedNode<V> {
  const insert = (node: SharedMap<V>): SharedNode<V> => {
    if (!node) return { key, value, position: sizeOf(map), size: 1, left: undefined, right: undefined }
    if (node.key === key) return node.value === value ? node : { ...node, value }
    const [left, right] = key < node.key ? [insert(node.left), node.right] : [node.left, insert(node.right)]
    return left === node.left && right === node.right ? node : balanced(node, left, right)
  }
  return insert(map)
}

/** Keys and values, in the order in which the keys were first set. */
export function entriesOf<V>(map: SharedMap<V>): readonly (readonly [key: string, value: V])[] {
  const entries: (readonly [string, V])[] = Array.from({ length: sizeOf(map) })
  const work = [map]
  while (work.length > 0) {
    const node = work.pop()
    if (!node) continue
    entries[node.position] = [node.key, node.value]
    work.push(node.left, node.right)
  }
  return entries
}

const sizeOf = (map: SharedMap<unknown>): number => map?.size ?? 0

/**
 * The weight that one side may have over the other, and the threshold of a double rotation (Adams' tree, proved for 3
 * and 2).
 */
const [DELTA, RATIO] = [3, 2]

function balanced<V>(top: SharedNode<V>, left: SharedMap<V>, right: SharedMap<V>): SharedNode<V> {
  const [l, r] = [sizeOf(left), sizeOf(right)]
  if (right && l + r > 1 && r > DELTA * l) {
    const inner = right.left
    if (!inner || inner.size < RATIO * sizeOf(right.right)) return joined(right, joined(top, left, inner), right.right)
    return joined(inner, joined(top, left, inner.left), joined(right, inner.right, right.right))
  }
  if (left && l + r > 1 && l > DELTA * r) {
    const inner = left.right
    if (!inner || inner.size < RATIO * sizeOf(left.left)) return joined(left, left.left, joined(top, inner, right))
    return joined(inner, joined(left, left.left, inner.left), joined(top, inner.right, right))
  }
  return joined(top, left, right)
}

function joined<V>(top: SharedNode<V>, left: SharedMap<V>, right: SharedMap<V>): SharedNode<V> {
  return { key: top.key, value: top.value, position: top.position, size: sizeOf(left) + 1 + sizeOf(right), left, right }
}
