import type { Location } from '../../base/source.ts'
import type { From, Instruction } from '../../parser/types.ts'
import type { Expander, Locate } from './expand.ts'

/** An instruction of a stage, or an ONBUILD trigger that its base brought along. */
export interface StageCommand {
  readonly instruction: Exclude<Instruction, From>
  readonly expander: Expander
  readonly onBuild: boolean
  /** The location that errors and progress point to: the instruction, or the FROM that fires the trigger. */
  readonly location: Location
  /**
   * The location of a part of the instruction. A trigger has no text in the Dockerfile: all of it is at the
   * FROM that fires it.
   */
  readonly locate: Locate
}
