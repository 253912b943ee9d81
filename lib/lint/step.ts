// The data of rules about a whole stage: its instructions, with words expanded and scripts read.
import type { Add, Copy, From, Instruction, Run, Stage, Word } from '../parser/types.ts'
import type { ShellCommand } from './facts/shell-commands.ts'
import type { BaseImage } from './lint-options.ts'
import type { Site } from './site.ts'

export interface CopyStep {
  readonly kind: 'copy'
  readonly instruction: Copy | Add
  readonly site: Site
  /** Paths and URLs, expanded; heredocs are left out. */
  readonly sources: readonly { readonly word: Word; readonly path: string }[]
  /** The path in the image. */
  readonly destination: string
  /**
   * Whether the destination is certainly a directory: by a slash at its end, or as the working directory or one
   * above it.
   */
  readonly isDirectory: boolean
}

export interface RunStep {
  readonly kind: 'run'
  readonly instruction: Run
  readonly site: Site
  /** Empty for what isn't a script of a POSIX shell. */
  readonly script: string
  readonly commands: readonly ShellCommand[]
  readonly workdir: string
}

export interface OtherStep {
  readonly kind: 'other'
  readonly instruction: Exclude<Instruction, From | Copy | Add | Run>
  readonly site: Site
}

export type Step = CopyStep | RunStep | OtherStep

export interface StageSteps {
  readonly stage: Stage
  /** FROM's. */
  readonly site: Site
  /** The stage it stands on, when the base is one. */
  readonly base: number | undefined
  readonly baseName: string
  /** Undefined where nothing is known of the base, or where it is not an image. */
  readonly image: BaseImage | undefined
  readonly steps: readonly Step[]
  /**
   * The user at the stage's end; undefined when no one has set it, empty when the base image says that it is
   * root.
   */
  readonly user: string | undefined
  /** Whether the stage's layers are part of the image. */
  readonly isShipped: boolean
  readonly isLast: boolean
}
