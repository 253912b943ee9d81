import { baseName } from '../../base/paths.ts'
import type { Rule } from '../rule.ts'

export const unpinnedBase: Rule = {
  name: 'UnpinnedBase',
  description: 'a base image has a tag other than latest, or a digest',
  own: 'opinion',
  checks: {
    stage({ stage, site, base, baseName: name, image }, report) {
      if (base !== undefined || name === 'scratch' || name.includes('@') || image?.isNamedContext) return
      const tag = /:([^/]*)$/.exec(name)?.[1]
      if (tag !== undefined && tag !== 'latest') return
      const today = tag === undefined ? `no tag, which means ${baseName(name)}:latest` : 'the tag latest'
      const message = `The base ${JSON.stringify(name)} has ${today}: it is another image after each release, and caches may differ`
      report(message, { span: stage.from.image.span, at: site })
    },
  },
}
