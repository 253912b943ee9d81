import type { EvaluationOptions } from '../graph/graph-options.ts'
import type { Dockerfile } from '../parser/types.ts'
import type { CheckOptions } from './check-options.ts'
import type { Emit } from './emit.ts'
import type { LintOptions } from './lint-options.ts'

/** The data that all parts of one run of the linter share. */
export interface LintRun {
  readonly dockerfile: Dockerfile
  readonly options: LintOptions
  /** The options by which the graph is evaluated. */
  readonly evaluation: EvaluationOptions
  /** The options of the file's check directive. */
  readonly check: CheckOptions
  readonly emit: Emit
  /** False when none of tsbuild's own rules can count. Nothing is gathered for them then. */
  readonly hasOwnRules: boolean
}
