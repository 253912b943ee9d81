import type { Report } from '../syntax/syntax-node.ts'
import type { Arg, Word } from '../types.ts'
import { type CommandInLines, instructionBase } from './instruction-base.ts'
import { requireArguments } from './require-arguments.ts'

type Argument = Arg['args'][number]

/** ARG ignores flags, as it does in BuildKit. */
export function readArg(node: CommandInLines, report: Report): Arg | undefined {
  if (!requireArguments(node, report)) return undefined
  const args = node.args.map(splitArgument)
  for (const { name } of args) {
    if (name.value === '') report('INSTRUCTION_ARGUMENTS', 'ARG names can not be blank', name.span)
  }
  return { ...instructionBase(node), kind: 'ARG', args: args.filter(({ name }) => name.value !== '') }
}

function splitArgument({ value, span }: Word): Argument {
  const equals = value.indexOf('=')
  if (equals === -1) return { name: { value, span }, defaultValue: undefined }
  // A name has no white space, so nothing was taken out of it, and offsets in it are the source's.
  const nameEnd = Math.min(span.start + equals, span.end)
  return {
    name: { value: value.slice(0, equals), span: { start: span.start, end: nameEnd } },
    defaultValue: { value: value.slice(equals + 1), span: { start: Math.min(nameEnd + 1, span.end), end: span.end } },
  }
}
