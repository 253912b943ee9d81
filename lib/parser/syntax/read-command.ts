import type { EscapeCharacter, Word } from '../types.ts'
import { isAsciiSpace, isSeparator, skipSpace, skipWord, trimEnd } from '../white-space.ts'
import { readJsonForm } from './json-form.ts'
import { type LogicalText, sourceSpan, wordAt } from './logical-line.ts'
import { readAssignments, readPairs } from './read-pairs.ts'
import { scanFlags } from './scan-flags.ts'
import { splitAtSpace } from './split-words.ts'
import type { Command, Report } from './syntax-node.ts'

/** How an instruction's arguments are written. */
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

/** ONBUILD ONBUILD … is refused, but has to be read first. */
const DEEPEST_TRIGGER = 100

type Arguments = Pick<Command, 'args' | 'pairs' | 'assignments' | 'trigger' | 'json' | 'invalid'>

const none: Arguments = argumentsOf({})

export interface CommandContext {
  readonly line: LogicalText
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
  const args = form && argsFrom < end ? readArguments(context, keyword, form, argsFrom, end, depth) : none
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

/** Reads `[from, to)`, which isn't empty and has no white space around. */
function readArguments(
  context: CommandContext,
  keyword: Word,
  form: ArgumentForm,
  from: number,
  to: number,
  depth: number,
): Arguments {
  const { line, report } = context
  switch (form) {
    case 'text':
      return argumentsOf({ args: [wordAt(line, from, to)] })
    case 'words':
      return argumentsOf({ args: splitAtSpace(line, from, to) })
    case 'quoted words':
      return argumentsOf(readAssignments(line, from, to, context.escape))
    case 'pairs':
      return argumentsOf(readPairs(line, keyword, from, to, context.escape, report))
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
