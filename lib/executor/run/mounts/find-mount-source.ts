import { TsbuildError } from '../../../base/errors.ts'
import type { FileTree } from '../../../layers/file-tree.ts'
import { resolvePath } from '../../../layers/paths/resolve-path.ts'
import { subTree } from '../../../layers/union/sub-tree.ts'
import { treeEntries } from '../../../layers/union/tree-entries.ts'
import type { Layer } from '../../../oci/types.ts'
import { contentKey } from '../../content-key.ts'
import { fetchLayers, unseenLayers } from '../../fetch-layers.ts'
import { layersOf, stackKey, viewOf } from '../../filesystem.ts'
import { produceLayer } from '../../produce-layer.ts'
import type { Session, StepResult } from '../../session.ts'
import type { ResolvedMount } from './planned-mount.ts'

export interface MountInputs {
  /** The WORKDIR, for relative targets. */
  readonly workdir: string
  /** The result that the mount takes files from. */
  readonly source: StepResult | undefined
}

/** The files of a mount. */
export interface MountSource {
  readonly layers: readonly Layer[]
  /** The path of the files in the layers, resolved, in the form of entry.ts. */
  readonly path: string
  /** Identifies the files in a cache key. */
  readonly key: string
}

/**
 * Finds the files that `from` and `source` of a mount name. Files of a context become a layer, so that they can't
 * change any more.
 */
export async function findMountSource(
  mount: ResolvedMount,
  source: StepResult,
  session: Session,
): Promise<MountSource> {
  if (source.kind === 'context') return await contextSource(mount, source, session)
  await fetchLayers(unseenLayers(source.filesystem, session), session)
  const view = await viewOf(source.filesystem, session)
  const path = resolvePath(view, mount.source, { followLast: true })
  if (path !== '' && !view.lookup(path)) throw sourceMissing(mount, undefined)
  const layers = layersOf(source.filesystem).map(({ layer }) => layer)
  return { layers, path, key: treeKey(view, path) ?? stackKey(source.filesystem) }
}

/** The name of the files in a layer of their own. */
const STAGED = 'source'

async function contextSource(
  mount: ResolvedMount,
  { context, name }: Extract<StepResult, { kind: 'context' }>,
  session: Session,
): Promise<MountSource> {
  const path = resolvePath(context.tree, mount.source, { followLast: true })
  if (path !== '' && !context.tree.lookup(path)) throw sourceMissing(mount, context.explainMissing?.(path))
  const entries = [...treeEntries(subTree(context.tree, path, STAGED))]
  const plan = { step: 'RUN', definition: `mount ${name} ${JSON.stringify(path)}`, entries, root: context.disk?.root }
  const { layer, key } = await produceLayer(plan, { wanted: 'any', session })
  return { layers: [layer.layer], path: STAGED, key }
}

/** The content key of a part of a tree; undefined if the content of a file is not known. */
function treeKey(tree: FileTree, path: string): string | undefined {
  return contentKey([...treeEntries(subTree(tree, path, STAGED))])
}

export function sourceMissing(mount: ResolvedMount, why: string | undefined): TsbuildError {
  const from = mount.from === '' ? 'the build context' : JSON.stringify(mount.from)
  return new TsbuildError('MOUNT_INVALID', `the mount's source ${JSON.stringify(mount.source)} is not in ${from}`, {
    hint: why,
  })
}
