import type { Report } from '../syntax/syntax-node.ts'
import type { From, Word } from '../types.ts'
import { type CommandInLines, instructionBase } from './instruction-base.ts'
import { readFlags } from './read-flags.ts'

const STAGE_NAME = /^[a-z][a-z0-9-_.]*$/

/** Always returns a FROM, even for an invalid one, so that the instructions after it have a stage. */
export function readFrom(node: CommandInLines, report: Report): From {
  const { args, keyword } = node
  const [image, as, name] = args
  const isNamed = args.length === 3 && as?.value.toLowerCase() === 'as'
  if (args.length !== 1 && !isNamed) {
    const span = image ? node.rest.span : keyword.span
    report('INSTRUCTION_ARGUMENTS', argumentsMessage(args), span, 'write FROM image, or FROM image AS name')
  }
  if (isNamed && name && !STAGE_NAME.test(name.value.toLowerCase())) {
    const hint = 'start it with a letter, and use only letters, digits, "-", "_" and "."'
    report('STAGE_NAME_INVALID', `invalid name for a stage: ${JSON.stringify(name.value)}`, name.span, hint)
  }
  const flags = readFlags(node, { platform: 'string' }, report)
  return {
    kind: 'FROM',
    ...instructionBase(node),
    image: image ?? { value: '', span: { start: keyword.span.end, end: keyword.span.end } },
    platform: flags.nonEmpty('platform'),
    name: isNamed ? name : undefined,
  }
}

function argumentsMessage(args: readonly Word[]): string {
  return `FROM requires either one or three arguments, got ${args.length}${args.length === 3 ? ' without AS' : ''}`
}
