// `--mount=type=cache`: a directory that outlives the step, filled from layers when it is new.
import { join } from 'node:path'
import { TsbuildError } from '../../../base/errors.ts'
import { ensurePlainLayer } from '../../../layers/index/plain-layer.ts'
import { subTree } from '../../../layers/union/sub-tree.ts'
import { unpackRoot } from '../../../layers/unpack/unpack-root.ts'
import { findSyncCommand, syncFilesystem } from '../../../sandbox/native/sync-filesystem.ts'
import { viewOf } from '../../filesystem.ts'
import type { RequestedMount } from '../protocol.ts'
import type { WorkerContext } from '../worker-context.ts'
import { type CacheDirectory, openCache } from './cache-sharing.ts'
import { type MountingStep, type MountSource, ownedSource } from './mount-source.ts'

type CacheRequest = Extract<RequestedMount, { kind: 'cache' }>

/** The directories of a step's caches, by id. */
export type StepCaches = ReadonlyMap<string, CacheDirectory>

/**
 * Opens each cache of a step once, however often it is mounted: a step that locked a cache twice would wait for itself.
 * All steps lock in the order of ids, so that no two of them wait for each other. `cleanups` releases the locks. Errors
 * with `MOUNT_INVALID`.
 */
export async function openStepCaches(step: MountingStep): Promise<StepCaches> {
  const { context, request, cleanups, emit } = step
  const mounts = request.mounts.filter((mount) => mount.kind === 'cache')
  const caches = new Map<string, CacheDirectory>()
  for (const id of [...new Set(mounts.map((mount) => mount.id))].sort()) {
    const same = mounts.filter((mount) => mount.id === id)
    const mount = same.toSorted((a, b) => STRICTNESS.indexOf(a.sharing) - STRICTNESS.indexOf(b.sharing))[0]
    if (!mount) continue
    const cache = await openCache(context.caches, mount, {
      owners: context.owners,
      signal: context.signal,
      temporary: context.temporary,
      keep: context.keep,
      fill: (directory) => fillCache(mount, directory, context),
      onWait: () => {
        const text = `waiting for the cache ${JSON.stringify(mount.target)}, which another step has locked\n`
        emit({ kind: 'log', step: request.step, stream: 'stderr', text })
      },
    })
    cleanups.add(cache.release)
    caches.set(id, cache)
  }
  return caches
}

/** The sharing modes, the strictest first: it is the mode of a cache that a step mounts in several. */
const STRICTNESS: readonly CacheRequest['sharing'][] = ['locked', 'private', 'shared']

/** The directory of a cache mount. */
export function cacheSource(mount: CacheRequest, caches: StepCaches): MountSource {
  const cache = caches.get(mount.id)
  if (!cache) throw new Error('bug: a cache that was not opened')
  return ownedSource({ path: join(process.cwd(), cache.path), kind: 'directory' }, mount)
}

async function fillCache(mount: CacheRequest, directory: string, context: WorkerContext): Promise<void> {
  const { store, owners, exactModes, signal } = context
  if (mount.layers.length === 0) return
  const view = await viewOf(context.filesystemOf(mount.layers), context)
  for (const layer of mount.layers) await ensurePlainLayer(store, layer, signal)
  if (view.lookup(mount.source)?.type === 'file') {
    throw new TsbuildError('MOUNT_INVALID', `the source ${JSON.stringify(mount.source)} of a cache is not a directory`)
  }
  await unpackRoot(subTree(view, mount.source, ''), directory, { owners, exactModes, signal })
  // A cache is filled once: later builds could not tell that a power cut emptied its files.
  const command = findSyncCommand()
  if (command) await syncFilesystem(command, directory)
}
