// The images of a build: config, history and manifest, and the index of several platforms.
import type { JoinedGraphs } from '../../graph/join-graphs.ts'
import type { Graph } from '../../graph/types.ts'
import { writeImage } from '../../oci/manifest.ts'
import { normalisePlatform } from '../../oci/platform.ts'
import type { Image } from '../../oci/types.ts'
import { type ImageSet, oneImage, writeIndex } from '../../oci/write-index.ts'
import type { Execution } from '../execute.ts'
import { layersOf } from '../filesystem.ts'
import type { Session } from '../session.ts'
import { imageHistory } from './history.ts'

/**
 * Writes the configs and manifests of the targets' images into the store, in the order of the graphs, and an index of
 * them if the result is one. The same graphs and layers give the same bytes.
 */
export function assembleImages({ graphs, isIndex }: JoinedGraphs, execution: Execution, session: Session): ImageSet {
  const [first, ...others] = graphs.map((graph) => {
    const image = assembleImage(graph, execution, session)
    // In an index, the platform of an image is the requested one, even if the config of the base is more specific.
    return isIndex ? { ...image, descriptor: { ...image.descriptor, platform: graph.platform } } : image
  })
  if (!first) throw new Error('bug: a build of nothing')
  return isIndex ? writeIndex(session.store, [first, ...others]) : oneImage(first)
}

function assembleImage({ target }: Graph, execution: Execution, session: Session): Image {
  const filesystem = execution.filesystems.get(target.result)
  if (!filesystem) throw new Error('bug: a target without a filesystem')
  const layers = layersOf(filesystem)
  const history = imageHistory(target, layers, execution.created, session.epoch)
  const created = history.findLast((entry) => entry.created !== undefined)?.created
  const inline = session.caches?.inline?.(
    layers.map(({ layer }) => layer.diffID),
    session.compression,
  )
  return writeImage(session.store, {
    config: {
      config: target.config,
      ...(inline !== undefined && { 'tsbuild.cache.v1': inline }),
      ...(created !== undefined && { created }),
      ...(target.author !== undefined && { author: target.author }),
    },
    layers: layers.map(({ layer }) => layer),
    history,
    platform: normalisePlatform(target.imagePlatform),
  })
}
