// What a worker has at hand while it carries out steps.
import type { Store } from '../../cache/store.ts'
import type { OpenPipe } from '../../sandbox/launch/output-pipes.ts'
import type { Mounter } from '../../sandbox/mount/mounter.ts'
import type { OwnershipOptions } from '../../sandbox/ownership/choose-ownership-method.ts'
import type { Backend, WorkerNamespaces } from '../../sandbox/types.ts'
import type { LayerIndexes, Session } from '../session.ts'
import type { Workspaces } from './root/overlay-directories.ts'
import type { IdleRoots } from './root/reusable-roots.ts'
import type { Scratch } from './step-directories.ts'

export interface WorkerContext {
  readonly store: Store
  readonly namespaces: WorkerNamespaces
  readonly backend: Backend
  /** Directory of unpacked layers. */
  readonly layers: string
  /** Directory of cache mounts, relative to the working directory. */
  readonly caches: string
  /** Directory of failed steps that were kept. */
  readonly kept: string
  /** A new empty directory on the same disk; removed when the worker ends. */
  readonly temporary: () => string
  /** For what commands write. */
  readonly openPipe: OpenPipe
  readonly workspaces: Workspaces
  readonly idleRoots: IdleRoots
  readonly scratch: Scratch
  /** Whether files can have the owners that they should. */
  readonly owners: boolean
  /** What owners can be recorded with. */
  readonly means: OwnershipOptions
  /** Warnings that were told: once a build is enough. */
  readonly told: Set<string>
  /** Stacks layers with overlayfs; undefined where that does not work. */
  readonly overlay: Mounter | undefined
  readonly indexes: LayerIndexes
  /** All of them: their files are on the disk in the end. */
  readonly plainLayers: { readonly has: () => true }
  readonly views: Session['views']
  readonly signal: AbortSignal
  /** Layers that are being unpacked, or were, by directory and by the name of the stack. */
  readonly unpacking: Map<string, Promise<string>>
}
