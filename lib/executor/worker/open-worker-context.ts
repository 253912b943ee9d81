// Opens all that the steps of a worker share: the store, directories, mounts, and the first back-end that works.
import { mkdirSync, statSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { makeDirectory, storeIO } from '../../cache/atomic-files.ts'
import { type DiskStore, openStoreOf } from '../../cache/store.ts'
import { chooseBackends } from '../../sandbox/backends/choose-backend.ts'
import { createPipes } from '../../sandbox/launch/output-pipes.ts'
import { hideCgroupV2 } from '../../sandbox/mount/hide-cgroup-v2.ts'
import { openMounter } from '../../sandbox/mount/open-mounter.ts'
import { probeOverlay } from '../../sandbox/mount/probe-overlay.ts'
import { findHelper } from '../../sandbox/native/find-helper.ts'
import { findSyncCommand, type SyncCommand, syncFilesystem } from '../../sandbox/native/sync-filesystem.ts'
import type { Probe } from '../../sandbox/types.ts'
import type { Cleanups } from './cleanups.ts'
import { createLayerStacks } from './layer-stacks.ts'
import { findOwnershipMethod } from './owners/find-ownership-method.ts'
import { createCapabilityReading } from './owners/helper-capabilities.ts'
import type { WorkerStart } from './protocol.ts'
import { openLayerDirectories } from './root/layer-directories.ts'
import { createOverlayDirectoryPool } from './root/overlay-directories.ts'
import { removeTree } from './root/remove-tree.ts'
import { createReusableRoots } from './root/reusable-roots.ts'
import { CACHES, keptDirectory, layersDirectory, temporaryDirectory } from './sandbox-directories.ts'
import { openStepDirectories } from './step-directories.ts'
import type { WorkerContext } from './worker-context.ts'

export interface OpenedContext {
  /** Undefined when no back-end works. */
  readonly context: WorkerContext | undefined
  readonly probes: readonly Probe[]
}

/**
 * Opens a context for a worker process, whose working directory and umask it sets. Whatever it opens is closed by
 * `cleanups`. Errors with `STORE_IO`, `SANDBOX_FAILED`.
 */
export async function openWorkerContext(start: WorkerStart, cleanups: Cleanups): Promise<OpenedContext> {
  const { home, namespaces } = start
  // The worker may have process ids of its own, which mean nothing to others: its lease is one of the builder.
  const store = openStoreOf(start.store, { lease: start.prefix })
  cleanups.add(store.close)
  const tmp = temporaryDirectory(home)
  // The directory above those of each user belongs to the store's owner, also if root comes first.
  storeIO(`creating ${JSON.stringify(home)}`, () => {
    makeDirectory(dirname(home))
    for (const path of [tmp, join(home, CACHES)]) mkdirSync(path, { recursive: true, mode: 0o700 })
  })
  for (const name of start.stale) removeTree(join(tmp, name))
  // Relative paths keep the paths of sockets short: see unix(7).
  process.chdir(home)
  process.umask(0o022)

  const mounter = namespaces.mounts ? await openMounter() : undefined
  cleanups.add(() => mounter?.close())
  const overlay = mounter && (await probeOverlay(home, mounter, { userxattr: namespaces.mapping !== 'root' }))
  if (mounter) await hideCgroupV2(mounter)
  const { backends, probes } = await chooseBackends(home, namespaces, start.isolation)
  const [backend] = backends
  const all = [...probes, ...(overlay ? [overlay] : [])]
  if (!backend) return { context: undefined, probes: all }

  let made = 0
  const temporary = (): string => {
    const path = join(tmp, `${start.prefix}-${made++}`)
    mkdirSync(path, { mode: 0o711 })
    cleanups.add(() => removeTree(path))
    return path
  }
  const ownership = await findOwnershipMethod(namespaces, backend, temporary())
  const keep: WorkerContext['keep'] = (path) => {
    store.leases.keep(relative(store.root, resolve(path)))
  }
  const virtualDevices = ownership.kind === 'helper'
  const layerDirectories = openLayerDirectories(layersDirectory(home, virtualDevices), {
    boot: start.boot,
    sync: syncer(home, store),
    keep,
  })
  cleanups.add(layerDirectories.settled)
  // A back-end that copies files instead of mounting them moves the covered files into the step's directory: best on
  // the disk of the root.
  const stepDirectories = await openStepDirectories(temporary(), backend.features.mounts ? mounter : undefined)
  cleanups.add(stepDirectories.close)
  const context: WorkerContext = {
    store,
    namespaces,
    backend,
    layerDirectories,
    caches: CACHES,
    kept: keptDirectory(home),
    keep,
    temporary,
    openPipe: createPipes(temporary()),
    overlayDirectories: createOverlayDirectoryPool(temporary),
    reusableRoots: createReusableRoots(),
    stepDirectories,
    warned: new Set(),
    readCapabilities: createCapabilityReading(findHelper(), home),
    ownership,
    virtualDevices,
    // Root of a user namespace with one id reads every file of that id.
    exactModes: namespaces.mapping !== 'none',
    owners: namespaces.mapping === 'root' || namespaces.mapping === 'multiple',
    overlay: overlay?.ok ? mounter : undefined,
    filesystemOf: createLayerStacks(),
    indexes: new Map(),
    plainLayers: { has: () => true },
    views: new Map(),
    signal: new AbortController().signal,
    unpacking: new Map(),
  }
  return { context, probes: all }
}

/** Writes the filesystem of the sandbox to the disk, and with it most often the blobs of the store. */
function syncer(home: string, { root, pending }: DiskStore): () => Promise<boolean> {
  const blobsToo = statSync(home).dev === statSync(join(root, 'blobs')).dev
  let command: SyncCommand | undefined
  return async () => {
    command ??= findSyncCommand()
    const blobs = blobsToo ? pending.list() : []
    const done = command !== undefined && (await syncFilesystem(command, home))
    if (done) pending.settle(blobs)
    return done
  }
}
