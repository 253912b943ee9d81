import { closestName } from '../facts/closest-name.ts'
import type { Rule } from '../rule.ts'

export const undefinedArgInFrom: Rule = {
  name: 'UndefinedArgInFrom',
  description: 'a variable in FROM is an ARG that comes before the first FROM',
  checks: {
    fromVariables({ word, unset, declared }, report) {
      for (const name of unset) {
        if (declared.includes(name)) continue
        const near = closestName(name, declared)
        const suggestion = near === undefined ? '' : ` (did you mean ${near}?)`
        report(`FROM argument '${name}' is not declared${suggestion}`, { span: word.span })
      }
    },
  },
}
