import type { Rule } from '../rule.ts'

export const stageNameCasing: Rule = {
  name: 'StageNameCasing',
  description: 'stage names are written in lower case',
  checks: {
    from({ from, words, text }, report) {
      const name = words[2]
      if (words.length !== 3 || name === undefined || name === name.toLowerCase()) return
      const span = from.name?.span ?? from.span
      // Names are compared without regard to case, so that nothing that refers to the stage has to change.
      const isWhole = text.slice(span.start, span.end) === name
      const fix = isWhole ? [{ span, text: name.toLowerCase() }] : undefined
      report(`Stage name '${name}' should be lowercase`, { span, fix })
    },
  },
}
