// The result of a build as an image: config, history, manifest.
import type { Graph, GraphStage } from '../graph/types.ts'
import { writeImage } from '../oci/manifest.ts'
import { normalisePlatform } from '../oci/platform.ts'
import type { History, Image } from '../oci/types.ts'
import type { Execution } from './execute.ts'
import { fillHistoryTimes } from './history-times.ts'
import type { Session } from './session.ts'

/** Writes config and manifest of the target's image into the store. The same graph and layers give the same bytes. */
export function assembleImage(graph: Graph, execution: Execution, session: Session): Image {
  const { target } = graph
  const { layers } = execution.filesystem
  const history = imageHistory(target, execution, session.epoch)
  const created = history.findLast((entry) => entry.created !== undefined)?.created
  return writeImage(session.store, {
    config: {
      config: target.config,
      ...(created !== undefined && { created }),
      ...(target.author !== undefined && { author: target.author }),
    },
    layers: layers.map(({ layer }) => layer),
    history,
    platform: normalisePlatform(target.imagePlatform),
  })
}

function imageHistory(target: GraphStage, execution: Execution, epoch: number | undefined): History[] {
  const inherited = target.baseImage?.config.history ?? []
  const fixed = epoch === undefined ? undefined : new Date(epoch * 1000).toISOString()
  const own = target.history.map(({ created_by, comment, vertex, empty }): History => {
    const created = fixed ?? (vertex === undefined ? undefined : execution.created.get(vertex))
    return {
      ...(created !== undefined && { created }),
      created_by,
      ...(comment !== undefined && { comment }),
      ...(empty && { empty_layer: true }),
    }
  })
  const explained = [...inherited, ...own].filter((entry) => !entry.empty_layer).length
  // A base may come without a history, and a directory as a base has none: each layer gets an entry all the same.
  const unexplained = execution.filesystem.layers.slice(0, Math.max(0, execution.filesystem.layers.length - explained))
  const imported = unexplained.map(
    ({ created }): History => ({
      ...(created !== undefined && { created }),
      created_by: 'FROM',
      comment: 'imported by tsbuild',
    }),
  )
  return fillHistoryTimes([...inherited, ...imported, ...own])
}
