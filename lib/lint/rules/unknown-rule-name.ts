import { suggest } from '../../base/suggest.ts'
import type { Rule } from '../rule.ts'

/** @param names those of all rules, which know this one */
export const unknownRuleName = (names: () => readonly string[]): Rule => ({
  name: 'UnknownRuleName',
  description: 'check directives name rules that there are',
  own: 'certain',
  checks: {
    checkName({ name, span, key }, report) {
      const known = names()
      if (name === 'all' || known.includes(name)) return
      // A name like no rule's may be from a later version, or from another tool.
      const meant = suggest(name, known)
      if (meant === undefined) return
      const message = `There is no rule ${JSON.stringify(name)} to ${key === 'skip' ? 'skip' : 'switch on'}: did you mean ${meant}?`
      report(message, { span, fix: [{ span, text: meant }] })
    },
  },
})
