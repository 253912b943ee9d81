// The public API: everything that is promised, and an export list only. docs/api-report.md shows it with its types.

export {
  type Diagnostic,
  type ErrorCode,
  failOnErrors,
  formatDiagnostic,
  formatError,
  TsbuildError,
  type TsbuildErrorJson,
  type TsbuildErrorOptions,
} from './base/errors.ts'
export type { GitUrl } from './base/git-url.ts'
export { type Location, type Position, positionAt, type SourceFile, type Span } from './base/source.ts'
export { build } from './build/build.ts'
export type {
  Build,
  BuildOptions,
  BuildResult,
  BuiltImage,
  BuiltStep,
  CompressionOption,
  ContextSource,
  ContextStream,
  ControlLimits,
  Entitlement,
  ExportedOutput,
  Isolation,
  LogLimit,
  MemoryFile,
  NamedContext,
  Output,
  PullPolicy,
  ResourceLimit,
  RunOptions,
  SandboxInfo,
  SecretSource,
} from './build/build-options.ts'
export type {
  BackendCacheSource,
  BackendCacheTarget,
  CacheSource,
  CacheTarget,
  CacheTargetOptions,
  InlineCacheTarget,
  LocalCacheSource,
  LocalCacheTarget,
  RegistryCacheSource,
  RegistryCacheTarget,
} from './build/caches/cache-options.ts'
export { type CheckedBuild, checkBuild } from './build/check-build.ts'
export { planBuild, readDockerfile } from './build/prepare-build.ts'
export {
  type CheckStoreOptions,
  type CheckStoreReport,
  checkStore,
  type ImageProblem,
} from './build/space/check-store.ts'
export { type DiskUsage, type DiskUsageOptions, diskUsage } from './build/space/disk-usage.ts'
export { type PruneOptions, type PruneReport, prune } from './build/space/prune.ts'
export type { KeyPart } from './cache/cache-key.ts'
export type { LayerEncoding, LayerEncodings } from './cache/layer-encodings.ts'
export type { PendingBlobs } from './cache/pending-blobs.ts'
export type { BuildRecord, Records } from './cache/records.ts'
export type { References, StoredReference } from './cache/references.ts'
export type { RemovedFile } from './cache/space/check-notes.ts'
export type { SpaceTargets } from './cache/space/choose-parts.ts'
export type { UsageRecord, UsageType } from './cache/space/usage-record.ts'
export { type DiskStore, openStore, type Store } from './cache/store.ts'
export type { StoreOption } from './cache/use-store.ts'
export type { Clock } from './executor/clock.ts'
export type { BuildEvent, StepInfo } from './executor/events.ts'
export type {
  Destination,
  DockerOutput,
  FileOutput,
  LocalOutput,
  OciOutput,
  RegistryOutput,
  TarOutput,
} from './export/output.ts'
export type { CacheBackend } from './external-cache/types.ts'
export { createGraph } from './graph/create-graph.ts'
export type { EvaluationOptions, GraphOptions } from './graph/graph-options.ts'
export { listTargets, type TargetInfo } from './graph/print/list-targets.ts'
export { type Outline, type OutlineArg, type OutlineMount, outline } from './graph/print/outline.ts'
export { graphToDot } from './graph/print/print-dot.ts'
export { type GraphToJsonOptions, graphToJson, graphToMermaid } from './graph/print/print-graph.ts'
export { graphToSvg } from './graph/print/print-svg.ts'
export type { ResolvedName } from './graph/resolved-name.ts'
export type {
  CopyInput,
  CopyOp,
  EvaluatedInstruction,
  Graph,
  GraphStage,
  Op,
  PlannedHistory,
  RemoteInput,
  ResolvedImage,
  RunOp,
  Scope,
  VariableValue,
  Vertex,
} from './graph/types.ts'
export { type ResolvedStored, resolveStored } from './images/find-stored.ts'
export { type HistoryEntry, historyOf } from './images/image-history.ts'
export { type ListImagesOptions, listImages, type StoredImage } from './images/list-images.ts'
export { type LoadedImage, loadImages } from './images/load-images.ts'
export { type PulledImage, type PullImageOptions, pullImage } from './images/pull-image.ts'
export { type PushImageOptions, pushImage } from './images/push-image.ts'
export { type RemovedImage, type RemoveImageOptions, removeImage } from './images/remove-image.ts'
export { type SaveOptions, saveImages } from './images/save-images.ts'
export { tagImage } from './images/tag-image.ts'
export {
  type ValidateOptions,
  type ValidationProblem,
  type ValidationReport,
  validateImage,
} from './images/validate-image.ts'
export { type CreatedIndex, type CreateIndexOptions, createIndex } from './imagetools/create-index.ts'
export {
  type InspectRemoteOptions,
  inspectRemote,
  type RemoteConfig,
  type RemoteImage,
} from './imagetools/inspect-remote.ts'
export type { ReplacedManifest } from './imagetools/merge-manifests.ts'
export type { IndexCopy } from './imagetools/push-index.ts'
export {
  type ListOptions,
  type ListReferrersOptions,
  listReferrers,
  listTags,
  type Referrers,
} from './imagetools/repository-lists.ts'
export type { LintWarning } from './lint/emit.ts'
export { type FixedDockerfile, fixDockerfile } from './lint/fix-dockerfile.ts'
export { checkDockerfile, lint } from './lint/lint.ts'
export type {
  BaseImage,
  LintContext,
  LintFile,
  LintIgnore,
  LintOptions,
  RuleChoice,
  RuleSet,
} from './lint/lint-options.ts'
export type { LintReport } from './lint/linter.ts'
export { type LintRule, lintRules } from './lint/rules.ts'
export type { BlobWriter, ContentReader, ContentStore, UnhashedReader } from './oci/content.ts'
export type { IndexAnnotation } from './oci/index-annotation.ts'
export type { JsonValue } from './oci/json.ts'
export { type ImageLayout, openLayout } from './oci/layout.ts'
export type { Compression } from './oci/media-types.ts'
export type { ParsedManifest } from './oci/parse-manifest.ts'
export { formatPlatform } from './oci/platform.ts'
export { type ReadImageOptions, readImage } from './oci/read-image.ts'
export type {
  CacheKey,
  ContainerConfig,
  Descriptor,
  DiffID,
  Digest,
  Healthcheck as HealthcheckConfig,
  History,
  Image,
  ImageConfig,
  ImageIndex,
  ImageManifest,
  Layer,
  Platform,
} from './oci/types.ts'
export * from './parser/index.ts'
export type { Fetch, RegistryOptions } from './registry/client.ts'
export type { CredentialProvider, RegistryCredentials } from './registry/credentials/credential-provider.ts'
export { type KeptCredentials, type LoginOptions, login, logout } from './registry/login.ts'
export type { BlobOrigin, TransferOptions } from './registry/pull/pull-blobs.ts'
export type { PushedHow } from './registry/push/push-blob.ts'
export type { PushReport } from './registry/push/push-image.ts'
export type { Advice } from './sandbox/doctor/advice.ts'
export {
  type DoctorProbe,
  type DoctorReport,
  examine,
  type OwnershipReport,
  type SystemReport,
} from './sandbox/doctor/doctor-report.ts'
export type { WorkingBackend } from './sandbox/doctor/examine-namespaces.ts'
export type { EnvironmentKind } from './sandbox/namespaces/host-facts.ts'
export type { BackendFeatures, IdMapping, Probe, WorkerNamespaces } from './sandbox/types.ts'
