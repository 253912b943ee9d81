import type { Platform } from '../oci/types.ts'
import type { ResolvedImage } from './types.ts'

/** What a name in FROM or `--from` turned out to be when it is no stage. */
export type ResolvedName =
  | { readonly kind: 'scratch' }
  | { readonly kind: 'image'; readonly image: ResolvedImage }
  /** A named context that holds files. */
  | { readonly kind: 'files'; readonly context: string }

export interface GraphOptions {
  readonly target?: string | undefined
  readonly buildArgs?: Readonly<Record<string, string>>
  /** The platform asked for; undefined: that of the build machine, or of the base image where it has only another one. */
  readonly platform?: Platform | undefined
  readonly buildPlatform: Platform
  readonly labels?: Readonly<Record<string, string>>
  /** Finds the image or named context of a name. Called once a name and platform, only for names that the target needs. */
  readonly resolve: (name: string, platform: Platform) => Promise<ResolvedName>
  /** Finds the named context that replaces a stage of this name, if there is one. What it gives is called only for stages that the target needs. */
  readonly override?: (stageName: string, platform: Platform) => (() => Promise<ResolvedName>) | undefined
}
