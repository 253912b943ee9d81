import type { Rule } from '../rule.ts'

export const jsonArgsRecommended: Rule = {
  name: 'JSONArgsRecommended',
  description: 'CMD and ENTRYPOINT are JSON arrays, so that signals reach the program instead of a shell',
  checks: {
    defaultShell({ keyword }, report) {
      report(`JSON arguments recommended for ${keyword.value} to prevent unintended behavior related to OS signals`)
    },
  },
}
