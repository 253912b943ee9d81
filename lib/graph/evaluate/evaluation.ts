import type { Word } from '../../parser/types.ts'
import type { StepNamer } from './name-steps.ts'
import type { StageObserver } from './observer.ts'
import type { VertexBuilder } from './vertex-builder.ts'

/** The surroundings of a stage's evaluation. */
export interface EvaluationScope {
  readonly buildArgs: Readonly<Record<string, string>>
  readonly globalArgs: ReadonlyMap<string, string>
  readonly builder: VertexBuilder
  /**
   * Returns the vertex with the files that a `--from` names. Errors with `STAGE_UNKNOWN` for a stage that comes
   * later.
   */
  readonly source: (name: Word) => string
  readonly stage: number
  readonly stepName: StepNamer
  readonly observer: StageObserver | undefined
}
