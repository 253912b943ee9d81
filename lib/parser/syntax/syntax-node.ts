// The syntax of an instruction before its meaning is read: the level of BuildKit's own tree.
import type { ErrorCode } from '../../base/errors.ts'
import type { Span } from '../../base/source.ts'
import type { Arg, Comment, Directive, EscapeCharacter, Flag, Heredoc, KeyValue, Word } from '../types.ts'

/** Receives an error, or a warning. */
export type Report = (code: ErrorCode, message: string, span: Span, hint?: string) => void

/** `name` or `name=value`. */
export type Assignment = Arg['args'][number]

export interface Command {
  readonly keyword: Word
  /** The keyword in lower case. */
  readonly name: string
  /** Whether the keyword is a known instruction. */
  readonly known: boolean
  readonly flags: readonly Flag[]
  /** The arguments, split as the instruction requires; empty for ENV, LABEL and ONBUILD. */
  readonly args: readonly Word[]
  /** The arguments of ENV and LABEL. */
  readonly pairs: readonly KeyValue[]
  /** The arguments of ARG, each split at its `=`. */
  readonly assignments: readonly Assignment[]
  /** The instruction that ONBUILD defers. */
  readonly trigger: Command | undefined
  /** Whether the arguments are a JSON array. */
  readonly json: boolean
  /** Everything after the flags, as one word. */
  readonly rest: Word
  /** The logical line, from the keyword on. */
  readonly original: string
  /** Whether an error in the arguments was reported, so that they are incomplete. */
  readonly invalid: boolean
}

export interface SyntaxNode extends Command {
  readonly heredocs: readonly Heredoc[]
  readonly span: Span
  readonly startLine: number
  readonly endLine: number
  /** The last line before the bodies of heredocs. */
  readonly commandEndLine: number
  readonly comments: readonly Comment[]
  readonly emptyLines: readonly Span[]
}

export interface SyntaxTree {
  readonly escape: EscapeCharacter
  readonly directives: readonly Directive[]
  readonly comments: readonly Comment[]
  readonly nodes: readonly SyntaxNode[]
}
