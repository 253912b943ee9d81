// The history of an image: what its base tells, and an entry for each instruction.
import type { GraphStage } from '../../graph/types.ts'
import type { History } from '../../oci/types.ts'
import type { Execution } from '../execute.ts'
import type { StackedLayer } from '../session.ts'
import { fillHistoryTimes } from './history-times.ts'

/**
 * The history of a target's image: that of the base, then the target's own. Times are those at which the layers were
 * `made`, or the `epoch` (seconds since 1970) for all own entries.
 */
export function imageHistory(
  target: GraphStage,
  layers: readonly StackedLayer[],
  made: Execution['created'],
  epoch: number | undefined,
): History[] {
  const base = target.baseImage?.config
  const inherited = base ? fitHistory(base.history ?? [], base.rootfs.diff_ids.length) : []
  const fixed = epoch === undefined ? undefined : new Date(epoch * 1000).toISOString()
  const own = target.history.map(({ created_by, comment, vertex, empty }): History => {
    const created = fixed ?? (vertex === undefined ? undefined : made.get(vertex))
    return {
      ...(created !== undefined && { created }),
      created_by,
      ...(comment !== undefined && { comment }),
      ...(empty && { empty_layer: true }),
    }
  })
  const explained = [...inherited, ...own].filter((entry) => !entry.empty_layer).length
  // A base may have no history, and a directory has none. Each of its layers gets an entry all the same.
  const unexplained = layers.slice(0, Math.max(0, layers.length - explained))
  const imported = unexplained.map(
    ({ created }): History => ({
      ...(created !== undefined && { created }),
      created_by: 'FROM',
      comment: 'imported by tsbuild',
    }),
  )
  return fillHistoryTimes([...inherited, ...imported, ...own])
}

/**
 * The history of an image with `layers` layers. If the history has entries for more layers, as some bases do, the
 * entries after the last layer are marked as empty, as in BuildKit: other programs refuse an image whose history
 * doesn't fit its layers.
 */
export function fitHistory(history: readonly History[], layers: number): readonly History[] {
  let seen = 0
  return history.map((entry) => (entry.empty_layer || ++seen <= layers ? entry : { ...entry, empty_layer: true }))
}
