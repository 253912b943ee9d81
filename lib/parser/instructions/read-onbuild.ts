import type { Report } from '../syntax/syntax-node.ts'
import type { Instruction, OnBuild } from '../types.ts'
import { type CommandInLines, instructionBase, triggerInLines } from './instruction-base.ts'
import { readFlags } from './read-flags.ts'

/** Reads an instruction that isn't ONBUILD; undefined when it can't be read. */
export type ReadTrigger = (node: CommandInLines, report: Report) => Instruction | undefined

/**
 * What is wrong with the trigger fails the builds on top of the image only, so it goes to `warn`; except for what an ONBUILD
 * may not hold at all.
 */
export function readOnBuild(
  node: CommandInLines,
  report: Report,
  warn: Report,
  readTrigger: ReadTrigger,
): OnBuild | undefined {
  readFlags(node, {}, report)
  const { trigger, keyword } = node
  if (!trigger) {
    if (!node.invalid) report('INSTRUCTION_ARGUMENTS', 'ONBUILD requires at least one argument', keyword.span)
    return undefined
  }
  const name = trigger.name.toUpperCase()
  if (name === 'ONBUILD' || name === 'FROM' || name === 'MAINTAINER') {
    report('ONBUILD_INVALID', `ONBUILD can't trigger ${name}`, trigger.keyword.span)
    return undefined
  }
  return {
    kind: 'ONBUILD',
    ...instructionBase(node),
    expression: expressionOf(node),
    trigger: readTrigger(triggerInLines(node, trigger), warn),
  }
}

function expressionOf({ original, heredocs }: CommandInLines): string {
  const expression = original.replace(/^[\t\n\f\r ]*onbuild[\t\n\f\r ]*/i, '')
  return [expression, ...heredocs.map(({ content, name }) => content + name)].join('\n')
}
