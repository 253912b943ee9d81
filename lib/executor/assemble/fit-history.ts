import type { History } from '../../oci/types.ts'

/**
 * The history of an image with `layers` layers, where it tells of more: the entries after the last layer made none, as BuildKit has it. Other
 * programs refuse an image whose history doesn't fit its layers.
 */
export function fitHistory(history: readonly History[], layers: number): readonly History[] {
  let seen = 0
  return history.map((entry) => (entry.empty_layer || ++seen <= layers ? entry : { ...entry, empty_layer: true }))
}
