// What the grammar alone says about an instruction, whatever the instruction is: the level of BuildKit's own tree.
import type { ErrorCode } from '../../base/errors.ts'
import type { Span } from '../../base/source.ts'
import type { Arg, Comment, Directive, EscapeCharacter, Flag, Heredoc, KeyValue, Word } from '../types.ts'

/** Takes an error that was found. */
export type Report = (code: ErrorCode, message: string, span: Span, hint?: string) => void

/** `name` or `name=value`. */
export type Assignment = Arg['args'][number]

export interface Command {
  readonly keyword: Word
  /** The keyword in lower case. */
  readonly name: string
  /** It is an instruction that exists. */
  readonly known: boolean
  readonly flags: readonly Flag[]
  /** The arguments, split as the instruction wants it; empty for ENV, LABEL and ONBUILD. */
  readonly args: readonly Word[]
  /** The arguments of ENV and LABEL. */
  readonly pairs: readonly KeyValue[]
  /** The arguments of ARG once more, each split at its `=`. */
  readonly assignments: readonly Assignment[]
  /** What ONBUILD defers. */
  readonly trigger: Command | undefined
  /** The arguments are a JSON array. */
  readonly json: boolean
  /** Everything behind the flags, as one. */
  readonly rest: Word
  /** The logical line from the keyword on. */
  readonly original: string
  /** An error in the arguments was reported: what is here is incomplete. */
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
