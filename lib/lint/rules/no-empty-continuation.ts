import type { Rule } from '../rule.ts'

export const noEmptyContinuation: Rule = {
  name: 'NoEmptyContinuation',
  description: 'an instruction that goes on over several lines has no empty ones among them',
  checks: {
    emptyLines({ spans, text }, report) {
      const fix = spans.map(({ start, end }) => ({ span: { start, end: afterLine(text, end) }, text: '' }))
      const [span] = spans
      report('Empty continuation line', { ...(span && { span }), fix })
    },
  },
}

function afterLine(text: string, end: number): number {
  const newline = text.indexOf('\n', end)
  return newline === -1 ? text.length : newline + 1
}
