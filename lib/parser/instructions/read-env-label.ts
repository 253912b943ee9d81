import type { Report } from '../syntax/syntax-node.ts'
import type { Env, Label } from '../types.ts'
import { type CommandInLines, instructionBase } from './instruction-base.ts'
import { readFlags } from './read-flags.ts'
import { requireArguments } from './require-arguments.ts'

export function readEnv(node: CommandInLines, report: Report): Env | undefined {
  return checkPairs(node, report) ? { kind: 'ENV', ...instructionBase(node), pairs: named(node) } : undefined
}

export function readLabel(node: CommandInLines, report: Report): Label | undefined {
  return checkPairs(node, report) ? { kind: 'LABEL', ...instructionBase(node), pairs: named(node) } : undefined
}

function checkPairs(node: CommandInLines, report: Report): boolean {
  readFlags(node, {}, report)
  for (const { key } of node.pairs) {
    if (key.value === '') report('INSTRUCTION_ARGUMENTS', `${node.name.toUpperCase()} names can not be blank`, key.span)
  }
  return requireArguments(node, report)
}

const named = ({ pairs }: CommandInLines): Env['pairs'] => pairs.filter(({ key }) => key.value !== '')
