// Instructions with a list of arguments: EXPOSE and VOLUME.
import type { Report } from '../syntax/syntax-node.ts'
import type { Expose, Volume } from '../types.ts'
import { trimSpace } from '../white-space.ts'
import { type CommandInLines, instructionBase } from './instruction-base.ts'
import { readFlags } from './read-flags.ts'
import { requireArguments } from './require-arguments.ts'

/** Reads an EXPOSE. The ports keep their written order; BuildKit sorts them by bytes before it expands them. */
export function readExpose(node: CommandInLines, report: Report): Expose | undefined {
  readFlags(node, {}, report)
  return requireArguments(node, report) ? { kind: 'EXPOSE', ...instructionBase(node), ports: node.args } : undefined
}

export function readVolume(node: CommandInLines, report: Report): Volume | undefined {
  readFlags(node, {}, report)
  if (!requireArguments(node, report)) return undefined
  const paths = node.args.map(({ value, span }) => ({ value: trimSpace(value), span }))
  for (const { value, span } of paths) {
    if (value === '') report('INSTRUCTION_ARGUMENTS', 'a VOLUME can not be an empty string', span)
  }
  return { kind: 'VOLUME', ...instructionBase(node), paths: paths.filter(({ value }) => value !== '') }
}
