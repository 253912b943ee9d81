// The vocabulary of evaluation.

import type { Location, SourceFile } from '../../base/source.ts'
import type { From, Instruction, Word } from '../../parser/types.ts'
import type { Expander } from './expand.ts'
import type { StepNamer } from './name-steps.ts'
import type { VertexBuilder } from './vertex-builder.ts'

/** An instruction of a stage, or an ONBUILD trigger that its base brought along. */
export interface StageCommand {
  readonly instruction: Exclude<Instruction, From>
  readonly file: SourceFile
  readonly expander: Expander
  readonly onBuild: boolean
  /** Where errors and progress point: the instruction, or the FROM that fires the trigger. */
  readonly location: Location
}

/** What evaluation of a stage can ask for. */
export interface EvaluationScope {
  readonly buildArgs: Readonly<Record<string, string>>
  readonly globalArgs: ReadonlyMap<string, string>
  readonly builder: VertexBuilder
  /** The vertex with the files that a `--from` names. */
  readonly source: (name: Word) => string
  readonly stage: number
  readonly stepName: StepNamer
}
