import type { EscapeCharacter, Word } from '../types.ts'
import { isAsciiSpace, isSeparator, skipSpace, skipWord, trimEnd } from '../white-space.ts'
import { readJsonForm } from './json-form.ts'
import { type LogicalLine, sourceSpan, wordAt } from './logical-line.ts'
import { readAssignments, readPairs } from './read-pairs.ts'
import { scanFlags } from './scan-flags.ts'
import { type Range, splitAtSpace } from './split-words.ts'
import type { Command, Report } from './syntax-node.ts'

/** The syntax of an instruction's arguments. */
type ArgumentForm =
  | 'words'
  | 'quoted words'
  | 'pairs'
  | 'text'
  | 'json or words'
  | 'json or text'
  | 'healthcheck'
  | 'trigger'

const FORMS: ReadonlyMap<string, ArgumentForm> = new Map([
  ['add', 'json or words'],
  ['arg', 'quoted words'],
  ['cmd', 'json or text'],
  ['copy', 'json or words'],
  ['entrypoint', 'json or text'],
  ['env', 'pairs'],
  ['expose', 'words'],
  ['from', 'words'],
  ['healthcheck', 'healthcheck'],
  ['label', 'pairs'],
  ['maintainer', 'text'],
  ['onbuild', 'trigger'],
  ['run', 'json or text'],
  ['shell', 'json or text'],
  ['stopsignal', 'text'],
  ['user', 'text'],
  ['volume', 'json or words'],
  ['workdir', 'text'],
])

/** ONBUILD ONBUILD … is refused, but it has to be parsed first. */
const DEEPEST_TRIGGER = 100

type Arguments = Pick<Command, 'args' | 'pairs' | 'assignments' | 'trigger' | 'json' | 'invalid'>

const NO_ARGUMENTS: Arguments = argumentsOf({})

export interface CommandContext {
  readonly line: LogicalLine
  readonly escape: EscapeCharacter
  readonly report: Report
}

/** Reads the keyword, the flags and the arguments in `[from, to)` of a logical line. */
export function readCommand(context: CommandContext, from: number, to: number, depth = 0): Command {
  const { line } = context
  const start = skipSpace(line.text, from, to)
  const end = trimEnd(line.text, start, to)
  const keywordEnd = skipWord(line.text, start, end, isSeparator)
  const keyword = wordAt(line, start, keywordEnd)
  const name = keyword.value.toLowerCase()
  const { flags, end: flagsEnd } = scanFlags(
    line,
    skipSpace(line.text, keywordEnd, end, isSeparator),
    end,
    context.escape,
  )
  const argsFrom = skipSpace(line.text, flagsEnd, end)
  const form = FORMS.get(name)
  const range = { from: argsFrom, to: end }
  const args = form && argsFrom < end ? readArguments(context, { keyword, form, depth, ...range }) : NO_ARGUMENTS
  return {
    keyword,
    name,
    known: form !== undefined,
    flags,
    ...args,
    rest: wordAt(line, argsFrom, end),
    original: line.text.slice(from, to),
  }
}

interface ArgumentsText extends Range {
  readonly keyword: Word
  readonly form: ArgumentForm
  /** The number of ONBUILDs around. */
  readonly depth: number
}

/** Reads the arguments in a range that is not empty and has no white space around it. */
function readArguments(context: CommandContext, { keyword, form, from, to, depth }: ArgumentsText): Arguments {
  const { line, report } = context
  switch (form) {
    case 'text':
      return argumentsOf({ args: [wordAt(line, from, to)] })
    case 'words':
      return argumentsOf({ args: splitAtSpace(line, from, to) })
    case 'quoted words':
      return argumentsOf(readAssignments(line, from, to, context.escape))
    case 'pairs':
      return argumentsOf(readPairs(context, keyword, { from, to }))
    case 'json or text':
    case 'json or words':
      return readJsonOr(context, form, from, to)
    case 'healthcheck': {
      const typeEnd = skipWord(line.text, from, to, isAsciiSpace)
      const type = wordAt(line, from, typeEnd)
      const commandFrom = skipSpace(line.text, typeEnd, to, isAsciiSpace)
      if (commandFrom === to) return argumentsOf({ args: [type] })
      const command = readJsonOr(context, 'json or text', commandFrom, to)
      return argumentsOf({ args: [type, ...command.args], json: command.json, invalid: command.invalid })
    }
    case 'trigger':
      if (depth < DEEPEST_TRIGGER) return argumentsOf({ trigger: readCommand(context, from, to, depth + 1) })
      report('ONBUILD_INVALID', "ONBUILD can't trigger ONBUILD", sourceSpan(line, from, from + keyword.value.length))
      return argumentsOf({ invalid: true })
  }
}

function readJsonOr(
  { line, report }: CommandContext,
  form: 'json or text' | 'json or words',
  from: number,
  to: number,
): Arguments {
  const json = readJsonForm(line, from, to)
  if (json.kind === 'strings') return argumentsOf({ args: json.words, json: true })
  if (json.kind === 'others') {
    const hint = 'quote every element: ["command", "42"]'
    report('DOCKERFILE_SYNTAX', 'a JSON array of arguments may hold strings only', sourceSpan(line, from, to), hint)
    return argumentsOf({ invalid: true })
  }
  return argumentsOf({ args: form === 'json or text' ? [wordAt(line, from, to)] : splitAtSpace(line, from, to) })
}

function argumentsOf({ args, pairs, assignments, trigger, json, invalid }: Partial<Arguments>): Arguments {
  return {
    args: args ?? [],
    pairs: pairs ?? [],
    assignments: assignments ?? [],
    trigger,
    json: json ?? false,
    invalid: invalid ?? false,
  }
}
