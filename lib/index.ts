// The public API. An export list, nothing else.
export { build } from './build.ts'
export type {
  Build,
  BuildOptions,
  BuildResult,
  BuiltImage,
  CompressionOption,
  ContextSource,
  ContextStream,
  ControlLimits,
  Entitlement,
  ExportedOutput,
  Isolation,
  MemoryFile,
  NamedContext,
  Output,
  PullPolicy,
  ResourceLimit,
  RunOptions,
  SandboxInfo,
  SecretSource,
} from './build-options.ts'
export type { KeyPart } from './cache/cache-key.ts'
export type { LayerForm, LayerForms } from './cache/layer-forms.ts'
export type { BuildRecord, Records } from './cache/records.ts'
export type { References, StoredReference } from './cache/references.ts'
export { openStore, type Store } from './cache/store.ts'
export { type CheckedBuild, checkBuild } from './check-build.ts'
export { codeFrame } from './code-frame.ts'
export { type CreatedIndex, type CreateIndexOptions, createIndex } from './create-index.ts'
export {
  type Diagnostic,
  type ErrorCode,
  failOnErrors,
  formatDiagnostic,
  formatError,
  TsbuildError,
  type TsbuildErrorOptions,
} from './errors.ts'
export type { BuildEvent, StepInfo } from './events.ts'
export type { DockerOutput, FileOutput, LocalOutput, OciOutput, RegistryOutput, TarOutput } from './export/output.ts'
export { parseOutput } from './export/parse-output.ts'
export type { GitUrl } from './git-url.ts'
export { createGraph } from './graph/create-graph.ts'
export type { GraphOptions, ResolvedName } from './graph/graph-options.ts'
export { listTargets, type TargetInfo } from './graph/list-targets.ts'
export { type Outline, type OutlineArg, type OutlineMount, outline } from './graph/outline.ts'
export { graphToDot } from './graph/print-dot.ts'
export { type GraphToJsonOptions, graphToJson, graphToMermaid } from './graph/print-graph.ts'
export { formatOutline, formatTargets, outlineToJson, targetsToJson } from './graph/print-outline.ts'
export { graphToSvg } from './graph/print-svg.ts'
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
export type { Wait } from './http/retry.ts'
export {
  type HistoryEntry,
  historyOf,
  type LoadedImage,
  listImages,
  loadImages,
  type ResolvedStored,
  removeImage,
  resolveStored,
  type SaveOptions,
  type StoredImage,
  saveImages,
  tagImage,
} from './images.ts'
export { type InspectRemoteOptions, inspectRemote, type RemoteConfig, type RemoteImage } from './inspect-remote.ts'
export type { LintWarning } from './lint/emit.ts'
export { type FixedDockerfile, fixDockerfile } from './lint/fix-dockerfile.ts'
export { checkDockerfile, type LintReport, lint } from './lint/lint.ts'
export type {
  BaseImage,
  LintContext,
  LintFile,
  LintIgnore,
  LintOptions,
  RuleChoice,
  RuleSet,
} from './lint/lint-options.ts'
export type { LintPlatform } from './lint/lint-platform.ts'
export { ruleSetNames } from './lint/rule-choice.ts'
export { type LintRule, lintRules } from './lint/rules.ts'
export { maskTokens } from './lint/secret-tokens.ts'
export type { BlobWriter, ContentReader, ContentStore } from './oci/content.ts'
export { type IndexAnnotation, parseIndexAnnotation } from './oci/index-annotation.ts'
export type { JsonValue } from './oci/json.ts'
export { type ImageLayout, openLayout } from './oci/layout.ts'
export type { Compression } from './oci/media-types.ts'
export type { ReplacedManifest } from './oci/merge-manifests.ts'
export type { ParsedManifest } from './oci/parse-manifest.ts'
export { formatPlatform } from './oci/platform.ts'
export { type ReadImageOptions, readImage } from './oci/read-image.ts'
export type {
  CacheKey,
  ChainID,
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
export { type ValidateOptions, type ValidationProblem, type ValidationReport, validateImage } from './oci/validate.ts'
export { openShell, type ShellOptions } from './open-shell.ts'
export {
  parseAddHost,
  parseBytes,
  parseEntitlement,
  parseSecret,
  parseSsh,
  parseUlimit,
} from './parse-run-flags.ts'
export * from './parser/index.ts'
export { planBuild, readDockerfile } from './prepare-build.ts'
export { type PulledImage, type PullImageOptions, pullImage } from './pull-image.ts'
export { type PushImageOptions, pushImage } from './push-image.ts'
export type { IndexCopy } from './push-index.ts'
export type { RegistryOptions } from './registry/client.ts'
export { type KeptCredentials, type LoginOptions, login, logout } from './registry/login.ts'
export type { TransferOptions } from './registry/pull-blobs.ts'
export type { PushedHow } from './registry/push-blob.ts'
export type { PushReport } from './registry/push-image.ts'
export {
  type ListOptions,
  type ListReferrersOptions,
  listReferrers,
  listTags,
  type Referrers,
} from './repository-lists.ts'
export type { Advice } from './sandbox/advice.ts'
export {
  type DoctorProbe,
  type DoctorReport,
  examine,
  type OwnershipReport,
  type SystemReport,
} from './sandbox/doctor.ts'
export type { WorkingBackend } from './sandbox/examine-place.ts'
export type { Habitat } from './sandbox/surroundings.ts'
export type { BackendFeatures, IdMapping, Place, Probe } from './sandbox/types.ts'
export { type Location, type Position, positionAt, type SourceFile, type Span } from './source.ts'
export { suggest } from './suggest.ts'
