import type { Rule } from '../rule.ts'

export const fromPlatformFlagConstDisallowed: Rule = {
  name: 'FromPlatformFlagConstDisallowed',
  description: 'FROM is not tied to one platform, unless its name says so',
  checks: {
    platform({ from, word, value, platform, used, unset }, report) {
      if (used.length > 0 || unset.length > 0 || !platform) return
      const name = from.name?.value.toLowerCase() ?? ''
      if (name.includes(platform.os) || name.includes(platform.architecture)) return
      report(`FROM --platform flag should not use constant value ${JSON.stringify(value)}`, { span: word.span })
    },
  },
}
