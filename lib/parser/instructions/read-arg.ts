import type { Report } from '../syntax/syntax-node.ts'
import type { Arg } from '../types.ts'
import { type CommandInLines, instructionBase } from './instruction-base.ts'
import { requireArguments } from './require-arguments.ts'

/** Reads an ARG. Flags are ignored, as in BuildKit. */
export function readArg(node: CommandInLines, report: Report): Arg | undefined {
  if (!requireArguments(node, report)) return undefined
  for (const { name } of node.assignments) {
    if (name.value === '') report('INSTRUCTION_ARGUMENTS', 'ARG names can not be blank', name.span)
  }
  return { kind: 'ARG', ...instructionBase(node), args: node.assignments.filter(({ name }) => name.value !== '') }
}
