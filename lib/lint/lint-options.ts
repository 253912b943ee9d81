import type { LintPlatform } from './rule.ts'

/** What a base image brings along, as its config says. */
export interface BaseImage {
  readonly platform?: LintPlatform | undefined
  /** `NAME=value`. */
  readonly env?: readonly string[] | undefined
  readonly shell?: readonly string[] | undefined
  /** Instructions that run in a stage on top of it. */
  readonly onBuild?: readonly string[] | undefined
}

/** The ignore file of the build context. */
export interface LintIgnore {
  /** In order, with `!` for exceptions. */
  readonly patterns: readonly string[]
  /** Whether a path relative to the context, or a directory above it, is ignored. */
  matches(path: string): boolean
}

/** What the Dockerfile itself doesn't say. All of it is optional: a rule that needs what isn't known is silent. */
export interface LintOptions {
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
  readonly baseImage?: (name: string, platform: LintPlatform) => BaseImage | undefined
  readonly ignore?: LintIgnore | undefined
}
