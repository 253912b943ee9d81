import { formatPlatform } from '../oci/platform.ts'
import type { ContainerConfig, Platform } from '../oci/types.ts'
import type { ResolvedImage } from './types.ts'

/** The meaning of a name in FROM or `--from` that is not a stage. */
export type ResolvedName =
  | { readonly kind: 'scratch' }
  | { readonly kind: 'image'; readonly image: ResolvedImage }
  /** A named context that holds files. */
  | { readonly kind: 'files'; readonly context: string }

/**
 * An image of which only a part of the config is known, or nothing. It is enough to check a Dockerfile, and too
 * little to build it.
 */
export interface SketchedImage {
  readonly kind: 'sketch'
  readonly name: string
  readonly platform: Platform | undefined
  /** Without `Env` the image's variables count as unknown. */
  readonly config: ContainerConfig
}

export type KnownName = ResolvedName | SketchedImage

/** The key of a name that is resolved for a platform. `scratch` is the same for all. */
export const nameKey = (name: string, platform: Platform): string =>
  name === 'scratch' ? name : `${formatPlatform(platform)} ${name}`
