import type { Rule } from '../rule.ts'

export const consistentInstructionCasing: Rule = {
  name: 'ConsistentInstructionCasing',
  description: 'all instructions are in upper case, or all are in lower case',
  checks: {
    keyword({ keyword, majority }, report) {
      const { value, span } = keyword
      const wanted = majority === 'lowercase' ? value.toLowerCase() : value.toUpperCase()
      if (value === wanted) return
      const message = `Command '${value}' should match the case of the command majority (${majority})`
      report(message, { span, fix: [{ span, text: wanted }] })
    },
  },
}
