import type { Rule } from '../rule.ts'

const RESERVED: ReadonlySet<string> = new Set(['context', 'scratch'])

export const reservedStageName: Rule = {
  name: 'ReservedStageName',
  description: 'no stage is called scratch or context, which mean something else',
  checks: {
    stageName({ stage, name }, report) {
      if (!RESERVED.has(name)) return
      const message = `Stage name should not use the same name as reserved stage ${JSON.stringify(name)}`
      report(message, { span: stage.from.name?.span ?? stage.from.span })
    },
  },
}
