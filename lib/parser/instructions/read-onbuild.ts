import type { Report } from '../syntax/syntax-node.ts'
import type { Instruction, OnBuild } from '../types.ts'
import { type CommandInLines, instructionBase, triggerInLines } from './instruction-base.ts'
import { readFlags } from './read-flags.ts'

/** Reads an instruction other than ONBUILD; undefined if it is unusable. */
export type ReadTrigger = (node: CommandInLines, report: Report) => Instruction | undefined

/**
 * Reads an ONBUILD. Errors in the trigger only fail builds on top of the image, so they go to `warn`. A trigger
 * that ONBUILD does not allow at all is an error.
 */
export function readOnBuild(
  node: CommandInLines,
  { report, warn, readTrigger }: { readonly report: Report; readonly warn: Report; readonly readTrigger: ReadTrigger },
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
