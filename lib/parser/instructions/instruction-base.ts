import type { Span } from '../../base/source.ts'
import type { Command, SyntaxNode } from '../syntax/syntax-node.ts'
import type { InstructionBase } from '../types.ts'
import { trimSpace } from '../white-space.ts'

/** A command with its lines; the lines of an ONBUILD trigger are those of the ONBUILD. */
export interface CommandInLines extends Command, Pick<SyntaxNode, LineField> {}

type LineField = 'heredocs' | 'startLine' | 'endLine' | 'comments' | 'emptyLines' | 'span'

/** The fields that all instructions share. */
export function instructionBase(node: CommandInLines): InstructionBase {
  const { keyword, flags, heredocs, span, startLine, endLine, original, comments, emptyLines } = node
  return { keyword, flags, heredocs, span, startLine, endLine, original: trimSpace(original), comments, emptyLines }
}

/** The trigger of an ONBUILD as an instruction of its own. */
export function triggerInLines(
  { heredocs, startLine, endLine, span }: CommandInLines,
  trigger: Command,
): CommandInLines {
  const triggerSpan: Span = { start: trigger.keyword.span.start, end: span.end }
  return { ...trigger, heredocs, startLine, endLine, span: triggerSpan, comments: [], emptyLines: [] }
}
