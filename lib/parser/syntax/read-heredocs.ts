import type { Heredoc } from '../types.ts'
import { heredocCandidates, parseHeredocWord } from './heredoc-delimiter.ts'
import { type LineReader, nextLine } from './line-reader.ts'
import { type LogicalLine, sourceSpan } from './logical-line.ts'
import type { Command, Report } from './syntax-node.ts'

/** Reads the bodies of the heredocs that an instruction starts. The reader is at the last line of the instruction. */
export function readHeredocs(line: LogicalLine, command: Command, reader: LineReader, report: Report): Heredoc[] {
  if (!mayHaveHeredocs(command) || !line.text.includes('<<')) return []
  const heredocs: Heredoc[] = []
  for (const { value, start, end } of heredocCandidates(line.text)) {
    const word = parseHeredocWord(value)
    if (!word) continue
    const span = sourceSpan(line, start, end)
    if ('error' in word) {
      report('DOCKERFILE_SYNTAX', word.error, span)
      continue
    }
    const heredoc = { ...word, span }
    const contentStart = reader.next
    const contentEnd = skipBody(reader, heredoc)
    if (contentEnd === undefined) reportUnterminated(reader, contentStart, heredoc, report)
    const contentSpan = { start: contentStart, end: contentEnd ?? reader.text.length }
    heredocs.push({ ...heredoc, content: reader.text.slice(contentSpan.start, contentSpan.end), contentSpan })
    if (contentEnd === undefined) break
  }
  return heredocs
}

function mayHaveHeredocs(command: Command): boolean {
  const { name, json } = command.name === 'onbuild' && command.trigger ? command.trigger : command
  return !json && (name === 'run' || name === 'copy' || name === 'add')
}

/** Moves the reader to the line that ends the body, and returns its offset; undefined if there is no such line. */
function skipBody(reader: LineReader, heredoc: Pick<Heredoc, 'name' | 'chomp'>): number | undefined {
  while (nextLine(reader)) {
    let from = reader.start
    if (heredoc.chomp) while (reader.text.charCodeAt(from) === 0x09) from++
    if (reader.end - from === heredoc.name.length && reader.text.startsWith(heredoc.name, from)) return reader.start
  }
  return undefined
}

function reportUnterminated(
  { text }: LineReader,
  from: number,
  { name, span }: Pick<Heredoc, 'name' | 'span'>,
  report: Report,
): void {
  const indented = text
    .slice(from)
    .split('\n')
    .some((line) => line.trim() === name)
  const hint = indented
    ? `end it with a line that holds only ${JSON.stringify(name)}, without white space (<<- allows tabs before it)`
    : `end it with a line that holds only ${JSON.stringify(name)}`
  report('HEREDOC_UNTERMINATED', `unterminated heredoc ${JSON.stringify(name)}`, span, hint)
}
