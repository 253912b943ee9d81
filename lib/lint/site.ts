import type { Span } from '../base/source.ts'
import type { InstructionBase } from '../parser/types.ts'
import type { CheckOptions } from './check-options.ts'

/** Where an event takes place, and which rules count there. */
export interface Site {
  readonly line: number
  readonly span: Span
  /** False for what a base's ONBUILD brings along: its text isn't in this file, FROM stands for it. */
  readonly isWritten: boolean
  readonly check: CheckOptions
}

export function siteOf({ startLine, span }: InstructionBase, check: CheckOptions): Site {
  return { line: startLine, span, isWritten: true, check }
}
