import type { Rule } from '../rule.ts'

export const runsAsRoot: Rule = {
  name: 'RunsAsRoot',
  description: 'the last stage ends with a user other than root',
  own: 'opinion',
  checks: {
    stage({ stage, site, steps, user, baseName, image, base, isLast }, report) {
      if (!isLast) return
      const last = steps.findLast(({ instruction }) => instruction.kind === 'USER')
      if (user !== undefined && !/^(?:root|0)?(?::|$)/.test(user)) return
      // A base that isn't known may have a user: its name is all there is to go by.
      if (user === undefined && /nonroot|rootless|unprivileged/.test(baseName)) return
      const unknown = base === undefined && !image && baseName !== 'scratch'
      const who = user ? `USER ${user}` : 'no USER'
      const but = user === undefined && unknown ? `, unless ${JSON.stringify(baseName)} has a user of its own` : ''
      const message = `The image runs as root: its last stage has ${who}${but}`
      report(message, last ? { at: last.site } : { span: stage.from.span, at: site })
    },
  },
}
