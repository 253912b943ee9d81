import type { Rule } from '../rule.ts'

export const duplicateStageName: Rule = {
  name: 'DuplicateStageName',
  description: 'no two stages have the same name',
  checks: {
    stageName({ stage, name, isTaken }, report) {
      if (!isTaken) return
      const message = `Duplicate stage name ${JSON.stringify(name)}, stage names should be unique`
      report(message, { span: stage.from.name?.span ?? stage.from.span })
    },
  },
}
