import type { Report } from '../syntax/syntax-node.ts'
import type { Run } from '../types.ts'
import { checkDevice } from './check-device.ts'
import { type CommandInLines, instructionBase } from './instruction-base.ts'
import { commandLine } from './read-command-line.ts'
import { type Flags, readFlags } from './read-flags.ts'
import { readMounts } from './read-mounts.ts'

const FLAG_KINDS = { mount: 'strings', network: 'string', security: 'string', device: 'strings' } as const
const NETWORKS = ['default', 'none', 'host'] as const
const SECURITIES = ['sandbox', 'insecure'] as const

export function readRun(node: CommandInLines, report: Report): Run | undefined {
  const flags = readFlags(node, FLAG_KINDS, report)
  const run: Run = {
    kind: 'RUN',
    ...instructionBase(node),
    command: commandLine(node),
    mounts: readMounts(flags.given('mount'), report),
    network: readChoice(flags, 'network', NETWORKS, report),
    security: readChoice(flags, 'security', SECURITIES, report),
    devices: flags.words('device').filter((device) => checkDevice(device, report)),
  }
  return node.invalid ? undefined : run
}

function readChoice<Choice extends string>(
  flags: Flags<keyof typeof FLAG_KINDS>,
  name: 'network' | 'security',
  choices: readonly Choice[],
  report: Report,
): Choice | undefined {
  const word = flags.word(name)
  if (!word) return undefined
  const choice = choices.find((candidate) => candidate === word.value)
  if (!choice) {
    const message = `invalid value ${JSON.stringify(word.value)} for flag --${name}`
    report('FLAG_INVALID', message, word.span, `it is one of ${choices.join(', ')}`)
  }
  return choice
}
