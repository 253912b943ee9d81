// A Dockerfile's text as directives, comments and instructions, the way BuildKit's frontend/dockerfile/parser reads it.
import type { Span } from '../../base/source.ts'
import { readDirective } from '../directives.ts'
import type { Comment, Directive, EscapeCharacter } from '../types.ts'
import { skipSpace, trimEnd } from '../white-space.ts'
import { createLineReader, type LineReader, nextLine } from './line-reader.ts'
import type { LogicalText } from './logical-line.ts'
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
  /** Directives come before anything else. */
  mayBeDirective: boolean
  /** The comments since the last instruction. */
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
  // A bare # parts comments from the ones above, but only at the start of a line.
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
  if (value === '\\' || value === '`') state.escape = value
  else
    state.report('DIRECTIVE_INVALID', `the escape character must be \\ or \`, got ${JSON.stringify(value)}`, valueSpan)
}

function readInstruction(state: State, from: number): void {
  const { reader, report, nodes, above } = state
  const startLine = reader.number
  const { line, emptyLines } = joinLines(state, from)
  const commandEndLine = reader.number
  const command = readCommand({ line, escape: state.escape, report }, 0, line.text.length)
  const heredocs = readHeredocs(line, command, reader, report)
  // The body of an unterminated heredoc goes up to the end of the text, a last line ending included.
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

/** Joins the lines of an instruction whose first line the reader stands at. */
function joinLines(state: State, from: number): { readonly line: LogicalText; readonly emptyLines: readonly Span[] } {
  const { reader, comments } = state
  const { text } = reader
  const parts: string[] = []
  const pieces: { at: number; source: number }[] = []
  const emptyLines: Span[] = []
  let length = 0
  const add = (start: number): boolean => {
    const cut = continuationAt(text, start, reader.end, state.escape)
    const part = text.slice(start, cut ?? reader.end)
    pieces.push({ at: length, source: start })
    parts.push(part)
    length += part.length
    return cut !== undefined
  }
  let continues = add(from)
  while (continues && nextLine(reader)) {
    const first = skipSpace(text, reader.start, reader.end)
    if (first === reader.end) emptyLines.push({ start: reader.start, end: reader.end })
    else if (text.charAt(first) === '#') comments.push(commentAt(reader, first))
    else continues = add(reader.start)
  }
  return { line: { text: parts.join(''), pieces }, emptyLines }
}

/** Where a line's continuation character is, if it ends in one. One that is itself escaped doesn't count. */
function continuationAt(text: string, from: number, to: number, character: EscapeCharacter): number | undefined {
  const end = trimEnd(text, from, to, (code) => code === 0x20 || code === 0x09)
  const at = end - 1
  if (at < from || text.charAt(at) !== character) return undefined
  return at > from && text.charAt(at - 1) === character ? undefined : at
}

function commentAt({ text, end }: LineReader, from: number): Comment {
  const trimmed = trimEnd(text, from, end)
  const textFrom = skipSpace(text, from + 1, trimmed)
  return { text: text.slice(textFrom, trimmed), span: { start: from, end: trimmed } }
}
