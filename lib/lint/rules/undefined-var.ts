import { closestName } from '../facts/closest-name.ts'
import type { Rule } from '../rule.ts'

export const undefinedVar: Rule = {
  name: 'UndefinedVar',
  description: 'a variable is defined before it is used',
  checks: {
    word({ word, unset, known }, report) {
      for (const name of unset) {
        const near = closestName(name, known)
        const suggestion = near === undefined ? '' : ` (did you mean $${near}?)`
        report(`Usage of undefined variable '$${name}'${suggestion}`, { span: word.span })
      }
    },
  },
}
