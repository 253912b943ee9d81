import type { Rule } from '../rule.ts'

export const unusedStage: Rule = {
  name: 'UnusedStage',
  description: 'every stage is needed by the last one, or has a name to build it by',
  own: 'certain',
  checks: {
    unneeded({ stage: { index, name }, isNamed }, report) {
      if (isNamed) return
      const why =
        name === undefined
          ? 'it has no name that --target could choose it by'
          : `a later stage has the name ${JSON.stringify(name)}, too`
      report(`Stage ${index} is never built: nothing that the last stage needs comes from it, and ${why}`)
    },
  },
}
