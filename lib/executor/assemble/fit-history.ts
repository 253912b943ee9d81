import type { History } from '../../oci/types.ts'

/**
 * The history of an image with `layers` layers. If the history has entries for more layers, as some bases do, the
 * entries after the last layer are marked as empty, as in BuildKit: other programs refuse an image whose history
 * doesn't fit its layers.
 */
export function fitHistory(history: readonly History[], layers: number): readonly History[] {
  let seen = 0
  return history.map((entry) => (entry.empty_layer || ++seen <= layers ? entry : { ...entry, empty_layer: true }))
}
