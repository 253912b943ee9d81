import type { Edit } from '../../parser/index.ts'
import { enumerate } from '../facts/quantities.ts'
import type { Rule } from '../rule.ts'
import type { RunStep, Step } from '../step.ts'

export const aptUpdateAlone: Rule = {
  name: 'AptUpdateAlone',
  description: 'apt-get update and apt-get install are one RUN, so that no install uses lists from an old cache',
  own: 'certain',
  checks: {
    stage({ steps, text }, report) {
      for (const [index, step] of steps.entries()) {
        if (step.kind !== 'run' || !has(step, 'update') || has(step, 'install')) continue
        const later = steps.slice(index + 1)
        const end = later.findIndex((other) => other.kind === 'run' && has(other, 'update'))
        const installs = (end === -1 ? later : later.slice(0, end)).filter(
          (other): other is RunStep => other.kind === 'run' && has(other, 'install'),
        )
        if (installs.length === 0) continue
        const lines = `line${installs.length === 1 ? '' : 's'} ${enumerate(installs.map(({ site }) => String(site.line)))}`
        const message = `\`apt-get update\` is cached apart from \`apt-get install\` (${lines}): once that changes it uses old package lists, or fails on them`
        report(message, { at: step.site, fix: join(step, steps[index + 1], text) })
      }
    },
  },
}

const has = ({ commands }: RunStep, verb: string): boolean =>
  commands.some(
    ({ words: [program = '', ...rest] }) =>
      /^apt(?:-get)?$/.test(program) && rest.find((word) => !word.startsWith('-')) === verb,
  )

/**
 * One RUN of two neighbours, where nothing but `&&` is between commands: with `;` a failed update would go
 * unnoticed.
 */
function join(update: RunStep, next: Step | undefined, text: string): readonly Edit[] | undefined {
  if (next?.kind !== 'run' || !update.site.isWritten || !next.site.isWritten) return undefined
  const isPlain = [update, next].every(
    ({ instruction: { flags, heredocs, command, comments }, commands }) =>
      flags.length === 0 &&
      heredocs.length === 0 &&
      comments.length === 0 &&
      command.form === 'shell' &&
      commands.every(({ after }) => after === '' || after === '&&'),
  )
  const between = text.slice(update.instruction.span.end, next.instruction.span.start)
  if (!isPlain || next.instruction.command.form !== 'shell' || !/^\s*$/.test(between)) return undefined
  // Something in the background, or a comment at the end, would swallow what is put behind it.
  if (/[#&]\s*$|#/.test(update.script)) return undefined
  return [
    { span: { start: update.instruction.span.end, end: next.instruction.command.command.span.start }, text: ' && ' },
  ]
}
