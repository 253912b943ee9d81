import type { Platform } from '../oci/types.ts'

/** The parts of a base image's config that rules ask for. */
export interface BaseImage {
  readonly platform?: Platform | undefined
  /** `NAME=value`. */
  readonly env?: readonly string[] | undefined
  readonly shell?: readonly string[] | undefined
  /** Instructions that run in a stage on top of it. */
  readonly onBuild?: readonly string[] | undefined
  /** Empty for root. */
  readonly user?: string | undefined
  readonly workdir?: string | undefined
  /** True when the name is that of a named context, which the caller of the build chooses. */
  readonly isNamedContext?: boolean | undefined
}

/** Something in the build context. */
export interface LintFile {
  /** Relative to the context, with slashes. */
  readonly path: string
  readonly type: string
  /** Bytes; 0 for all but files. */
  readonly size: number
}

/** The files of the build context, without those that the ignore file keeps out. No symlink is followed. */
export interface LintContext {
  /** Finds a file or directory. `''` is the context itself. */
  lookup(path: string): LintFile | undefined
  /** The entries of a directory, sorted by name; empty for other paths. */
  list(path: string): readonly LintFile[]
  /** The first 64 kB of a file; undefined for other paths. */
  read(path: string): string | undefined
}

/** The ignore file of the build context. */
export interface LintIgnore {
  /** In order, with `!` for exceptions. */
  readonly patterns: readonly string[]
  /** Whether a path relative to the context, or a directory above it, is ignored. */
  matches(path: string): boolean
}

/**
 * `docker`: the rules of `docker build --check`. The others are tsbuild's own: `certain` for what can be shown
 * to be wrong, `opinion` for what is a matter of taste.
 */
export type RuleSet = 'docker' | 'certain' | 'opinion'

/**
 * Names of rules, of {@link RuleSet}s, or `all`. A rule's own name goes before its set's, and `disable` before
 * `enable`.
 */
export interface RuleChoice {
  /**
   * The rules that count besides `docker`. Default: none. Only if there are some does `# check=experimental=` in a
   * Dockerfile switch rules of tsbuild on.
   */
  readonly enable?: readonly string[] | undefined
  readonly disable?: readonly string[] | undefined
}

/**
 * Facts that the Dockerfile itself doesn't have. All are optional: a rule is silent if a fact that it needs is
 * missing.
 */
export interface LintOptions extends RuleChoice {
  /** Check only what this stage needs. Default: every stage. */
  readonly target?: string | undefined
  /** Without a target: `target` checks only what the last stage needs, as a build would. Default `all`. */
  readonly stages?: 'all' | 'target'
  /** `BUILDKIT_DOCKERFILE_CHECK` among them goes before the file's check directive. */
  readonly buildArgs?: Readonly<Record<string, string>>
  /** The platform to build for, e.g. `linux/arm64`; default `linux/amd64`. */
  readonly platform?: string | undefined
  /** The platform that builds; default the platform to build for. */
  readonly buildPlatform?: string | undefined
  /** The image of a name in FROM, for a platform; undefined when it isn't known. `scratch` is never asked for. */
  readonly baseImage?: (name: string, platform: Platform) => BaseImage | undefined
  readonly ignore?: LintIgnore | undefined
  readonly context?: LintContext | undefined
}
