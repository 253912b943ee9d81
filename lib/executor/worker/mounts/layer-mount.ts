// `--mount=type=bind`: files of layers, stacked by overlayfs, or unpacked for the step.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { ensurePlainLayer } from '../../../layers/index/plain-layer.ts'
import { subTree } from '../../../layers/union/sub-tree.ts'
import { unpackRoot } from '../../../layers/unpack/unpack-root.ts'
import { viewOf } from '../../filesystem.ts'
import { knownOwners } from '../owners/known-owners.ts'
import type { RequestedMount } from '../protocol.ts'
import { mountOverlay } from '../root/mount-overlay.ts'
import { removeTree } from '../root/remove-tree.ts'
import { type MountingStep, type MountSource, sourceAt } from './mount-source.ts'

type LayersRequest = Extract<RequestedMount, { kind: 'layers' }>

/** Makes the files of a bind mount ready on the host. Changes to them are dropped by `cleanups`. */
export async function layerSource(mount: LayersRequest, { context, cleanups }: MountingStep): Promise<MountSource> {
  const { overlay, filesystemOf, temporary, store, signal, ownership } = context
  const permissions = ownership.recordsPermissions === true
  const filesystem = filesystemOf(mount.layers)
  const view = await viewOf(filesystem, context)
  if (overlay) {
    const { directory, upper, close } = await mountOverlay(filesystem, { mounter: overlay }, context)
    cleanups.add(() => close(() => removeTree(upper)))
    const source = sourceAt(mount.source === '' ? directory : `${directory}/${mount.source}`)
    return { ...source, known: knownOwners(view, directory, { permissions }) }
  }
  const base = temporary()
  for (const layer of mount.layers) await ensurePlainLayer(store, layer, signal)
  const directory = join(base, 'tree')
  mkdirSync(directory)
  const tree = subTree(view, mount.source, 'source')
  await unpackRoot(tree, directory, context)
  cleanups.add(() => removeTree(base))
  return { ...sourceAt(join(directory, 'source')), known: knownOwners(tree, directory, { permissions }) }
}
