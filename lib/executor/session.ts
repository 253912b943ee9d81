// What a build has at hand while its graph is executed.

import type { ErrorCode } from '../base/errors.ts'
import type { Location, Span } from '../base/source.ts'
import type { Store } from '../cache/store.ts'
import type { Download } from '../context/download.ts'
import type { ContextOnDisk } from '../context/open-context.ts'
import type { LayerIndex } from '../layers/entry.ts'
import type { FileTree } from '../layers/file-tree.ts'
import type { LayerCompression } from '../layers/layer-sink.ts'
import type { UnionView } from '../layers/union/union-view.ts'
import type { ContentReader } from '../oci/content.ts'
import type { CacheKey, ChainID, DiffID, Digest, Layer } from '../oci/types.ts'
import type { BlobOrigin } from '../registry/pull/pull-blobs.ts'
import type { Emulator } from '../sandbox/emulation/binfmt-emulators.ts'
import type { BuildEvent } from './events.ts'
import type { BaseNeed } from './needed-bases.ts'
import type { RunWorker } from './run/worker-client.ts'
import type { RunOptions } from './run-options.ts'

/** A layer in a stack. `layer` is a form of it that the store has. */
export interface StackedLayer {
  readonly layer: Layer
  /** ISO time at which a step made it; undefined for a base's layers, whose history comes with the base. */
  readonly created: string | undefined
}

/** A stack of layers, as a layer on a stack: steps share what they stand on. Both are undefined for the empty one. */
export interface Filesystem {
  readonly top: StackedLayer | undefined
  readonly below: Filesystem | undefined
  /** What it is, as far as a cache key is concerned; undefined for the empty one. */
  readonly chainID: ChainID | undefined
}

/** Layer indexes by diffID, each loaded once in a build. */
export type LayerIndexes = Map<DiffID, Promise<LayerIndex>>

/** A build context that has been opened. */
export interface OpenedContext {
  readonly tree: FileTree
  /** Why a path that a COPY names is not there, e.g. the .dockerignore line that hides it. */
  readonly explainMissing?: ((path: string) => string | undefined) | undefined
  /** Where the files are, for what is remembered of their status; undefined when they are in memory. */
  readonly disk: ContextOnDisk | undefined
}

export interface Session {
  readonly store: Store
  /** Build contexts by name; `context` is the main one. */
  readonly contexts: ReadonlyMap<string, OpenedContext>
  /** Where the blobs of base images are, by manifest digest. */
  readonly images: ReadonlyMap<Digest, ContentReader>
  /** Where layers of base images in registries are, by digest: the store fetches them when they are read. */
  readonly remoteBlobs?: ReadonlyMap<Digest, BlobOrigin>
  /** How much of each base image the build needs, by vertex; default all. */
  readonly baseNeeds?: ReadonlyMap<string, BaseNeed>
  readonly indexes: LayerIndexes
  /** Ends of the layers under way or made, by what was done. Never rejects. */
  readonly producing: Map<CacheKey, Promise<void>>
  /** Layers that will be wanted decompressed, as a whole: what decompresses one for its index keeps it so. */
  readonly plainLayers: Set<DiffID>
  /** Merged views, those used last at the end. */
  readonly views: Map<Filesystem, UnionView>
  /** Bytes that were decompressed of layers to take a few files, by diffID. */
  readonly inflated: Map<DiffID, number>
  /** What was asked of servers, so that steps with the same URL ask once. */
  readonly downloads: Map<CacheKey, Promise<Download>>
  readonly emit: (event: BuildEvent) => void
  readonly signal: AbortSignal
  /** Seconds since 1970: the time that directories made by the build get, and the history's. */
  readonly now: number
  /** Seconds since 1970 for every timestamp, where SOURCE_DATE_EPOCH asks for it. */
  readonly epoch: number | undefined
  readonly noCache: boolean
  /** Stages whose steps are run again even so, by index; default none. */
  readonly noCacheStages?: ReadonlySet<number>
  readonly compression: LayerCompression
  readonly location: (span: Span) => Location
  readonly run: RunOptions
  /** Emulators that have to be in the root of a RUN step, by vertex; default none. */
  readonly neededEmulators?: ReadonlyMap<string, Emulator>
  /** The worker that carries out RUN steps, started when it is first asked for. */
  readonly worker: () => Promise<RunWorker>
  /** Tells of something that the user should know and that stops nothing. */
  readonly warn: (warning: BuildWarning) => void
}

/** What a vertex gives to those that use it. */
export type StepResult =
  | { readonly kind: 'filesystem'; readonly filesystem: Filesystem; readonly cached: boolean }
  | { readonly kind: 'context'; readonly name: string; readonly context: OpenedContext }

export interface BuildWarning {
  readonly code: ErrorCode
  readonly message: string
  readonly hint: string | undefined
  /** The step that it is about. */
  readonly step: string | undefined
}
