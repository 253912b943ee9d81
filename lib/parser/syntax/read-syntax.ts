// Reads the text of a Dockerfile as directives, comments and instructions, as BuildKit's
// frontend/dockerfile/parser does.
import { escapeOf, readDirective } from '../directives.ts'
import type { Comment, Directive, EscapeCharacter } from '../types.ts'
import { skipSpace } from '../white-space.ts'
import { commentAt } from './comment-at.ts'
import { joinLines } from './line-continuation.ts'
import { createLineReader, type LineReader, nextLine } from './line-reader.ts'
import { reportLongLines } from './long-lines.ts'
import { readCommand } from './read-command.ts'
import { readHeredocs } from './read-heredocs.ts'
import type { Report, SyntaxNode, SyntaxTree } from './syntax-node.ts'

interface State {
  readonly reader: LineReader
  readonly report: Report
  readonly directives: Directive[]
  readonly comments: Comment[]
  readonly nodes: SyntaxNode[]
  escape: EscapeCharacter
  /** Whether the next comment may be a directive: nothing else has come before it. */
  mayBeDirective: boolean
  /** The comments above the next instruction. */
  above: Comment[]
}

export function readSyntax(text: string, report: Report): SyntaxTree {
  const state: State = {
    reader: createLineReader(text),
    report,
    directives: [],
    comments: [],
    nodes: [],
    escape: '\\',
    mayBeDirective: true,
    above: [],
  }
  const { reader } = state
  reportLongLines(text, report)
  while (nextLine(reader)) {
    if (reader.start === 0 && text.startsWith('\uFEFF')) reader.start = 1
    const from = skipSpace(text, reader.start, reader.end)
    if (text.charAt(from) === '#' && from < reader.end) readComment(state, from)
    else {
      state.mayBeDirective = false
      if (from < reader.end) readInstruction(state, from)
    }
  }
  const { directives, comments, nodes } = state
  if (nodes.length === 0) {
    const span = { start: reader.start, end: reader.end }
    report('DOCKERFILE_EMPTY', 'the file has no instructions', span, 'a Dockerfile starts with FROM')
  }
  return { escape: state.escape, directives, comments, nodes }
}

function readComment(state: State, from: number): void {
  const { reader } = state
  const directive = state.mayBeDirective ? readDirective(reader.text, from, reader.end) : undefined
  if (directive) {
    addDirective(state, directive)
    return
  }
  state.mayBeDirective = false
  const comment = commentAt(reader, from)
  state.comments.push(comment)
  // A bare # at the start of a line separates the comments below it from those above.
  if (comment.text === '' && from === reader.start) state.above = []
  else state.above.push(comment)
}

function addDirective(state: State, directive: Directive): void {
  const { name, value, span, valueSpan } = directive
  if (state.directives.some((other) => other.name === name)) {
    state.report('DIRECTIVE_INVALID', `only one ${name} directive can be used`, span)
    return
  }
  state.directives.push(directive)
  if (name !== 'escape') return
  const character = escapeOf(directive)
  if (character) state.escape = character
  else
    state.report('DIRECTIVE_INVALID', `the escape character must be \\ or \`, got ${JSON.stringify(value)}`, valueSpan)
}

function readInstruction(state: State, from: number): void {
  const { reader, report, nodes, above } = state
  const startLine = reader.number
  const { line, comments, emptyLines } = joinLines(reader, from, state.escape)
  state.comments.push(...comments)
  const commandEndLine = reader.number
  const command = readCommand({ line, escape: state.escape, report }, 0, line.text.length)
  const heredocs = readHeredocs(line, command, reader, report)
  // The body of an unterminated heredoc extends to the end of the text, including a last line ending.
  const end = Math.max(reader.end, command.keyword.span.end, heredocs.at(-1)?.contentSpan.end ?? 0)
  const span = { start: command.keyword.span.start, end }
  nodes.push({
    heredocs,
    ...command,
    span,
    startLine,
    endLine: reader.number,
    commandEndLine,
    comments: above,
    emptyLines,
  })
  state.above = []
}
