// The state that the steps of one worker share, and one step of it.
import type { Store } from '../../cache/store.ts'
import type { CaptureOptions } from '../../layers/diff/changed-entries.ts'
import type { OpenPipe } from '../../sandbox/launch/output-pipes.ts'
import type { Mounter } from '../../sandbox/mount/mounter.ts'
import type { OwnershipMethod } from '../../sandbox/ownership/ownership-method.ts'
import type { Backend, WorkerNamespaces } from '../../sandbox/types.ts'
import type { LayerIndexes, Session } from '../session.ts'
import type { LayerStacks } from './layer-stacks.ts'
import type { FromWorker, RunRequest } from './protocol.ts'
import type { LayerDirectories } from './root/layer-directories.ts'
import type { OverlayDirectoryPool } from './root/overlay-directories.ts'
import type { ReusableRoots } from './root/reusable-roots.ts'
import type { StepDirectories } from './step-directories.ts'

export interface WorkerContext {
  readonly store: Store
  readonly namespaces: WorkerNamespaces
  readonly backend: Backend
  readonly layerDirectories: LayerDirectories
  /** Directory of cache mounts, relative to the working directory. */
  readonly caches: string
  /** Directory of kept failed steps. */
  readonly kept: string
  /** Keeps a directory of the store from being removed while this process runs. */
  readonly keep: (path: string) => void
  /** Makes a new empty directory on the same disk; removed when the worker ends. */
  readonly temporary: () => string
  /** Makes the pipes that commands write their output to. */
  readonly openPipe: OpenPipe
  readonly overlayDirectories: OverlayDirectoryPool
  readonly reusableRoots: ReusableRoots
  readonly stepDirectories: StepDirectories
  /** Whether the worker can give files every owner. Where it can't, all files on disk belong to the worker's user. */
  readonly owners: boolean
  /** Whether the worker reads and changes files whatever their modes are, so that they have those of the image. */
  readonly exactModes: boolean
  /** Whether devices are empty files on disk, which commands are shown as devices. */
  readonly virtualDevices: boolean
  /** How the owners of files are recorded. */
  readonly ownership: OwnershipMethod
  /** The warnings that were emitted: each is emitted once a build. */
  readonly warned: Set<string>
  /** Reads the file capabilities of files in the roots. */
  readonly readCapabilities: NonNullable<CaptureOptions['readCapabilities']>
  /** Stacks layers with overlayfs; undefined where that does not work. */
  readonly overlay: Mounter | undefined
  /** The filesystem of a stack of layers, the same object for the same layers. */
  readonly filesystemOf: LayerStacks
  readonly indexes: LayerIndexes
  /** Contains every layer: all of them get unpacked, so each is decompressed as a whole. */
  readonly plainLayers: { readonly has: () => true }
  readonly views: Session['views']
  readonly signal: AbortSignal
  /** The directories of layers that are being unpacked or have been, by the names of layers and of stacks. */
  readonly unpacking: Map<string, Promise<string>>
}

/** A step that the worker carries out. The context's signal is the step's own. */
export interface WorkerStep {
  readonly request: RunRequest
  readonly context: WorkerContext
  /** Sends a message about the step to the builder. */
  readonly emit: (message: FromWorker) => void
  /** Undefined if the step may send more output; else settles when it may. Never rejects. */
  readonly caughtUp: () => Promise<void> | undefined
}
