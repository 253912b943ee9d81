import type { Rule } from '../rule.ts'

export const multipleInstructionsDisallowed: Rule = {
  name: 'MultipleInstructionsDisallowed',
  description: 'a stage has one CMD, one ENTRYPOINT and one HEALTHCHECK: only the last counts',
  checks: {
    overridden({ keyword }, report) {
      report(
        `Multiple ${keyword.value} instructions should not be used in the same stage because only the last one will be used`,
      )
    },
  },
}
