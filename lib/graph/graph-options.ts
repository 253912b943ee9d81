import type { Platform } from '../oci/types.ts'
import type { GraphObserver } from './evaluate/observer.ts'
import type { ResolvedName, SketchedImage } from './resolved-name.ts'

export interface EvaluationOptions {
  readonly target?: string | undefined
  readonly buildArgs?: Readonly<Record<string, string>>
  /**
   * The platform asked for. Default: that of the build machine, or of the base image where it has only another
   * one.
   */
  readonly platform?: Platform | undefined
  readonly buildPlatform: Platform
}

export interface GraphOptions extends EvaluationOptions {
  readonly labels?: Readonly<Record<string, string>>
  /**
   * Finds the image or named context of a name. It is called once for a name and platform, and only for names
   * that the target needs.
   */
  readonly resolve: (name: string, platform: Platform) => Promise<ResolvedName>
  /**
   * Finds the named context that replaces a stage of this name, if there is one. The function that it returns
   * is called only for stages that the target needs.
   */
  readonly override?: (stageName: string, platform: Platform) => (() => Promise<ResolvedName>) | undefined
}

export interface ObservedGraphOptions extends GraphOptions {
  readonly observe: Observe | undefined
}

/** Makes the observer of the graph for a platform. */
export type Observe = (platform: Platform) => GraphObserver

export interface CheckGraphOptions extends EvaluationOptions {
  readonly observe: Observe
  /** Whether stages that the target does without are evaluated, too. */
  readonly allStages: boolean
  /** Returns what is known of the image that a FROM names. Its errors end the check as they end a build. */
  readonly baseImage: (name: string, platform: Platform) => SketchedImage
  /** Whether a name is that of a named context, which need not have the form of an image name. */
  readonly isNamedContext: (name: string, platform: Platform) => boolean
}
