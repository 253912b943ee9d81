import type { Report } from '../syntax/syntax-node.ts'
import type { CommandLine, Healthcheck, Word } from '../types.ts'
import { parseDuration } from './durations.ts'
import { type CommandInLines, instructionBase } from './instruction-base.ts'
import { commandLine } from './read-command-line.ts'
import { type Flags, readFlags } from './read-flags.ts'
import { requireArguments } from './require-arguments.ts'

const FLAG_KINDS = {
  interval: 'string',
  timeout: 'string',
  'start-period': 'string',
  'start-interval': 'string',
  retries: 'string',
} as const

type FlagName = keyof typeof FLAG_KINDS

export function readHealthcheck(node: CommandInLines, report: Report): Healthcheck | undefined {
  if (!requireArguments(node, report)) return undefined
  const [type, ...args] = node.args
  if (!type) return undefined
  const base = { kind: 'HEALTHCHECK', ...instructionBase(node) } as const
  if (type.value.toUpperCase() === 'NONE') {
    for (const { span } of args.slice(0, 1)) {
      report('INSTRUCTION_ARGUMENTS', 'HEALTHCHECK NONE takes no arguments', span)
    }
    return { ...base, command: undefined, interval: 0, timeout: 0, startPeriod: 0, startInterval: 0, retries: 0 }
  }
  const command = readTest(node, type, args, report)
  const flags = readFlags(node, FLAG_KINDS, report)
  const settings = {
    interval: readInterval(flags, 'interval', report),
    timeout: readInterval(flags, 'timeout', report),
    startPeriod: readInterval(flags, 'start-period', report),
    startInterval: readInterval(flags, 'start-interval', report),
    retries: readRetries(flags.nonEmpty('retries'), report),
  }
  return command && { ...base, command, ...settings }
}

function readTest(node: CommandInLines, type: Word, args: readonly Word[], report: Report): CommandLine | undefined {
  if (type.value.toUpperCase() !== 'CMD') {
    const message = `unknown type ${JSON.stringify(type.value)} in HEALTHCHECK`
    report('INSTRUCTION_ARGUMENTS', message, type.span, 'write HEALTHCHECK CMD command, or HEALTHCHECK NONE')
    return undefined
  }
  const [first] = args
  const last = args.at(-1)
  if (!first || !last) {
    if (!node.invalid) report('INSTRUCTION_ARGUMENTS', 'missing command after HEALTHCHECK CMD', type.span)
    return undefined
  }
  const span = { start: first.span.start, end: last.span.end }
  return commandLine({ json: node.json, args, rest: { value: first.value, span } })
}

function readInterval(flags: Flags<FlagName>, name: FlagName, report: Report): number {
  const word = flags.nonEmpty(name)
  if (!word) return 0
  const duration = parseDuration(word.value)
  if (duration === undefined) {
    const message = `invalid duration ${JSON.stringify(word.value)} for flag --${name}`
    report('FLAG_INVALID', message, word.span, 'write a number with a unit, such as 30s, 1m30s or 500ms')
  } else if (duration !== 0 && duration < 1_000_000) {
    report('FLAG_INVALID', `the duration of --${name} can not be less than 1ms, got ${word.value}`, word.span)
  }
  return duration ?? 0
}

function readRetries(word: Word | undefined, report: Report): number {
  if (!word) return 0
  const retries = /^[+-]?\d+$/.test(word.value) ? Number(word.value) : Number.NaN
  if (retries >= 0 && retries < 2 ** 31) return retries
  const reason = retries < 0 ? 'can not be negative' : 'must be a whole number'
  report('FLAG_INVALID', `--retries ${reason}, got ${JSON.stringify(word.value)}`, word.span)
  return 0
}
