import type { EscapeCharacter, KeyValue, Word } from '../types.ts'
import { isSeparator, skipSpace, skipWord } from '../white-space.ts'
import { type LogicalLine, sourceSpan, wordAt } from './logical-line.ts'
import { type Range, splitQuoted } from './split-words.ts'
import type { Assignment, Command, Report } from './syntax-node.ts'

interface Pairs {
  readonly pairs: readonly KeyValue[]
  readonly invalid: boolean
}

interface PairsContext {
  readonly line: LogicalLine
  readonly escape: EscapeCharacter
  readonly report: Report
}

/** Reads the arguments of ENV and LABEL: `key=value …`, or the old `key value`. The first word decides. */
export function readPairs(
  { line, escape: escapeCharacter, report }: PairsContext,
  keyword: Word,
  { from, to }: Range,
): Pairs {
  const words = splitQuoted(line.text, from, to, escapeCharacter)
  const [first] = words
  if (!first) return { pairs: [], invalid: false }
  if (indexOfEquals(line.text, first.from, first.to) === -1) return readOldForm(line, keyword, { from, to }, report)
  const pairs: KeyValue[] = []
  let invalid = false
  for (const word of words) {
    const equals = indexOfEquals(line.text, word.from, word.to)
    if (equals === -1) {
      const written = line.text.slice(word.from, word.to)
      const hint = `write ${written}=value, or quote a value that contains white space`
      report(
        'INSTRUCTION_ARGUMENTS',
        `expected name=value, got ${JSON.stringify(written)}`,
        sourceSpan(line, word.from, word.to),
        hint,
      )
      invalid = true
      continue
    }
    const key = wordAt(line, word.from, equals)
    const value = wordAt(line, equals + 1, word.to)
    pairs.push({ key, value, separator: '=' })
  }
  return { pairs, invalid }
}

/** Reads the arguments of ARG: names with or without `=` and a default value. */
export function readAssignments(
  line: LogicalLine,
  from: number,
  to: number,
  escapeCharacter: EscapeCharacter,
): Pick<Command, 'args' | 'assignments'> {
  const words = splitQuoted(line.text, from, to, escapeCharacter)
  const assignments = words.map((word): Assignment => {
    const equals = indexOfEquals(line.text, word.from, word.to)
    if (equals === -1) return { name: wordAt(line, word.from, word.to), defaultValue: undefined }
    return { name: wordAt(line, word.from, equals), defaultValue: wordAt(line, equals + 1, word.to) }
  })
  return { args: words.map((word) => wordAt(line, word.from, word.to)), assignments }
}

function readOldForm(line: LogicalLine, keyword: Word, { from, to }: Range, report: Report): Pairs {
  const keyEnd = skipWord(line.text, from, to, isSeparator)
  const key = wordAt(line, from, keyEnd)
  const valueFrom = skipSpace(line.text, keyEnd, to, isSeparator)
  if (keyEnd === to) {
    const name = keyword.value.toUpperCase()
    const hint = `write ${name} ${key.value}=value`
    report('INSTRUCTION_ARGUMENTS', `${name} must have two arguments, a name and a value`, key.span, hint)
    return { pairs: [], invalid: true }
  }
  return { pairs: [{ key, value: wordAt(line, valueFrom, to), separator: ' ' }], invalid: false }
}

function indexOfEquals(text: string, from: number, to: number): number {
  const at = text.slice(from, to).indexOf('=')
  return at === -1 ? -1 : from + at
}
