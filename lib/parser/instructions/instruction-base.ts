import type { Span } from '../../base/source.ts'
import type { Command, SyntaxNode } from '../syntax/syntax-node.ts'
import type { InstructionBase } from '../types.ts'
import { trimSpace } from '../white-space.ts'

/** A command with the lines that it stands on; for an ONBUILD trigger these are ONBUILD's. */
export interface CommandInLines extends Command, Pick<SyntaxNode, LineField> {}

type LineField = 'heredocs' | 'startLine' | 'endLine' | 'comments' | 'emptyLines' | 'span'

/** The fields that all instructions have. */
export function instructionBase(node: CommandInLines): InstructionBase {
  const { keyword, flags, heredocs, span, startLine, endLine, original, comments, emptyLines } = node
  return { keyword, flags, heredocs, span, startLine, endLine, original: trimSpace(original), comments, emptyLines }
}

/** ONBUILD's trigger as an instruction of its own. */
export function triggerInLines(
  { heredocs, startLine, endLine, span }: CommandInLines,
  trigger: Command,
): CommandInLines {
  const triggerSpan: Span = { start: trigger.keyword.span.start, end: span.end }
  return { ...trigger, heredocs, startLine, endLine, span: triggerSpan, comments: [], emptyLines: [] }
}
