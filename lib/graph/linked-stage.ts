import type { Platform } from '../oci/types.ts'
import type { Stage } from '../parser/types.ts'

/**
 * The target of a FROM or a `--from`: another stage, or a name that has to be resolved to an image or a named
 * context.
 */
export type StageReference =
  | { readonly kind: 'stage'; readonly index: number }
  | { readonly kind: 'name'; readonly name: string }

export interface LinkedStage {
  readonly stage: Stage
  /** The base name after expansion. */
  readonly baseName: string
  readonly base: StageReference
  readonly platform: Platform | undefined
  /** The name that progress shows; empty when there is a single unnamed stage. */
  readonly displayName: string
}
