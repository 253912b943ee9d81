import type { Rule } from '../rule.ts'

export const redundantTargetPlatform: Rule = {
  name: 'RedundantTargetPlatform',
  description: 'FROM does not ask for $TARGETPLATFORM, which it has anyway',
  checks: {
    platform({ word, value, used, unset, targetPlatform }, report) {
      const isIt = used.length === 1 && used[0] === 'TARGETPLATFORM' && unset.length === 0 && value === targetPlatform
      if (!isIt) return
      const message = `Setting platform to predefined ${word.value} in FROM is redundant as this is the default behavior`
      report(message, { span: word.span })
    },
  },
}
