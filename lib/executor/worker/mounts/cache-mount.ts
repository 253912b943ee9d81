// `--mount=type=cache`: a directory that outlives the step, filled from layers when it is new.
import { join } from 'node:path'
import { TsbuildError } from '../../../base/errors.ts'
import { ensurePlainLayer } from '../../../layers/index/plain-layer.ts'
import { subTree } from '../../../layers/union/sub-tree.ts'
import { unpackRoot } from '../../../layers/unpack/unpack-root.ts'
import { viewOf } from '../../filesystem.ts'
import type { RequestedMount } from '../protocol.ts'
import type { WorkerContext } from '../worker-context.ts'
import { openCache } from './cache-mount-directory.ts'
import { type MountingStep, type MountSource, ownedSource } from './mount-source.ts'

type CacheRequest = Extract<RequestedMount, { kind: 'cache' }>

/** Opens the directory of a cache mount. `cleanups` releases its lock. Errors with `MOUNT_INVALID`. */
export async function cacheSource(mount: CacheRequest, step: MountingStep): Promise<MountSource> {
  const { context, request, cleanups, emit } = step
  const target = JSON.stringify(mount.target)
  const { path, release } = await openCache(context.caches, mount, {
    owners: context.owners,
    signal: context.signal,
    temporary: context.temporary,
    fill: (directory) => fillCache(mount, directory, context),
    onWait: () => {
      const text = `waiting for the cache ${target}, which another step has locked\n`
      emit({ kind: 'log', step: request.step, stream: 'stderr', text })
    },
  })
  cleanups.add(release)
  return ownedSource({ path: join(process.cwd(), path), kind: 'directory' }, mount)
}

async function fillCache(mount: CacheRequest, directory: string, context: WorkerContext): Promise<void> {
  const { store, owners, signal } = context
  if (mount.layers.length === 0) return
  const view = await viewOf(context.filesystemOf(mount.layers), context)
  for (const layer of mount.layers) await ensurePlainLayer(store, layer, signal)
  if (view.lookup(mount.source)?.type === 'file') {
    throw new TsbuildError('MOUNT_INVALID', `the source ${JSON.stringify(mount.source)} of a cache is not a directory`)
  }
  await unpackRoot(subTree(view, mount.source, ''), directory, { owners, signal })
}
