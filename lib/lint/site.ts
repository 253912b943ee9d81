import type { Span } from '../base/source.ts'
import type { InstructionBase } from '../parser/types.ts'
import type { CheckOptions } from './check-options.ts'

/** The location of an event, and the rules that count there. */
export interface Site {
  readonly line: number
  readonly span: Span
  /** False for a trigger of the base: its text isn't in this file, so it is reported at FROM. */
  readonly isWritten: boolean
  readonly check: CheckOptions
}

export function siteOf({ startLine, span }: InstructionBase, check: CheckOptions): Site {
  return { line: startLine, span, isWritten: true, check }
}
