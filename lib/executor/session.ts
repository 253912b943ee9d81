// The state that the steps of one build share.

import type { ErrorCode } from '../base/errors.ts'
import type { Location, Span } from '../base/source.ts'
import type { BuildRecord } from '../cache/records.ts'
import type { Store } from '../cache/store.ts'
import type { ContextOnDisk } from '../context/open-context.ts'
import type { Download } from '../context/verified-download.ts'
import type { LayerIndex } from '../layers/entry.ts'
import type { FileTree } from '../layers/file-tree.ts'
import type { LayerCompression } from '../layers/layer-sink.ts'
import type { UnionView } from '../layers/union/union-view.ts'
import type { ContentReader } from '../oci/content.ts'
import type { JsonValue } from '../oci/json.ts'
import type { CacheKey, ChainID, DiffID, Digest, Layer } from '../oci/types.ts'
import type { BlobOrigin } from '../registry/pull/pull-blobs.ts'
import type { Emulator } from '../sandbox/emulation/binfmt-emulators.ts'
import type { Clock } from './clock.ts'
import type { BuildEvent } from './events.ts'
import type { BaseNeed } from './needed-bases.ts'
import type { RemoteAccess } from './remote/remote-access.ts'
import type { RunWorker } from './run/worker-client.ts'
import type { RunOptions } from './run-options.ts'

/** A layer in a stack. `layer` has a descriptor of a blob that the store has. */
export interface StackedLayer {
  readonly layer: Layer
  /** ISO time at which a step made it; undefined for a base's layers, whose history comes with the base. */
  readonly created: string | undefined
}

/**
 * A stack of layers, as a linked list: steps share the layers below them. All is undefined for the empty
 * filesystem.
 */
export interface Filesystem {
  readonly top: StackedLayer | undefined
  readonly below: Filesystem | undefined
  /** Identifies the stack in cache keys. */
  readonly chainID: ChainID | undefined
}

/** Layer indexes by diffID, each loaded once in a build. */
export type LayerIndexes = Map<DiffID, Promise<LayerIndex>>

/** A build context that has been opened. */
export interface OpenedContext {
  readonly tree: FileTree
  /** Explains why the source of a COPY does not exist, e.g. by the .dockerignore line that excludes it. */
  readonly explainMissing?: ((path: string) => string | undefined) | undefined
  /** Something about the context that the user should know. */
  readonly warning?: string | undefined
  /** The directory of the files, for digests that are cached by file status; undefined for files in memory. */
  readonly disk: ContextOnDisk | undefined
}

/** The caches outside of the store that a build imports from and exports to. */
export interface ExternalCaches {
  /**
   * Whether imported caches have records. The store finds them, and fetches a layer of theirs when it is read. So no
   * layer is fetched before a step needs its files.
   */
  readonly isImporting: boolean
  readonly isExporting: boolean
  /** Is told the record of each step that was found or made. */
  readonly note: (record: BuildRecord) => void
  /** The cache that an image with these layers holds itself. Undefined if images hold none. */
  readonly inline: ((diffIDs: readonly DiffID[], compression: LayerCompression) => JsonValue) | undefined
}

export interface Session {
  readonly store: Store
  /** Build contexts by name; `context` is the main one. */
  readonly contexts: ReadonlyMap<string, OpenedContext>
  /** The readers of base images whose blobs are not in the store, by manifest digest. */
  readonly images: ReadonlyMap<Digest, ContentReader>
  /** The origins of base layers in registries, by digest. The store fetches such a layer when it is read. */
  readonly remoteBlobs: ReadonlyMap<Digest, BlobOrigin>
  /** How much of each base image the build needs, by vertex. */
  readonly baseNeeds: ReadonlyMap<string, BaseNeed>
  readonly indexes: LayerIndexes
  /** Settles when the layer of a step has been produced, by the definition of the step. Never rejects. */
  readonly producing: Map<CacheKey, Promise<void>>
  /**
   * Layers that the build needs decompressed as a whole. When one is decompressed for its index, the plain tar is
   * kept.
   */
  readonly plainLayers: Set<DiffID>
  /** Merged views, the least recently used first. */
  readonly views: Map<Filesystem, UnionView>
  /** Bytes of layers that were decompressed to read a few files, by diffID. */
  readonly inflated: Map<DiffID, number>
  /** Downloads of this build. Steps with the same URL share one. */
  readonly downloads: Map<CacheKey, Promise<Download>>
  readonly emit: (event: BuildEvent) => void
  /**
   * Undefined if the readers of the build's events keep up; else settles when they have caught up. Output of steps
   * waits for that. Never rejects.
   */
  readonly caughtUp: () => Promise<void> | undefined
  readonly signal: AbortSignal
  readonly clock: Clock
  /** Seconds since 1970: the time of directories that the build makes, and of history entries. */
  readonly now: number
  /** Seconds since 1970 for every timestamp, if SOURCE_DATE_EPOCH is set. */
  readonly epoch: number | undefined
  readonly noCache: boolean
  /** Stages whose steps run without the cache, by index. */
  readonly noCacheStages: ReadonlySet<number>
  readonly compression: LayerCompression
  /** Undefined if there are none. */
  readonly caches: ExternalCaches | undefined
  readonly location: (span: Span) => Location
  readonly run: RunOptions
  readonly access: RemoteAccess
  /** Emulators that have to be in the root of a RUN step, by vertex. */
  readonly neededEmulators: ReadonlyMap<string, Emulator>
  /** The worker that carries out RUN steps. The first call starts it. */
  readonly worker: () => Promise<RunWorker>
  /** The messages of warnings that a build emits once. */
  readonly warned: Set<string>
  /** Reports a warning: the build goes on. */
  readonly warn: (warning: BuildWarning) => void
}

/** The result of a vertex, as an input of other vertices. */
export type StepResult =
  | {
      readonly kind: 'filesystem'
      readonly filesystem: Filesystem
      readonly cached: boolean
      /** Whether it is a base image, which is not cached if some of it was fetched. */
      readonly isBase?: true
    }
  | { readonly kind: 'context'; readonly name: string; readonly context: OpenedContext }

export interface BuildWarning {
  readonly code: ErrorCode
  readonly message: string
  readonly hint: string | undefined
  /** The step that the warning is about. */
  readonly step: string | undefined
}
