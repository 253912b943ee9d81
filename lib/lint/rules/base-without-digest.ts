import type { Rule } from '../rule.ts'

export const baseWithoutDigest: Rule = {
  name: 'BaseWithoutDigest',
  description: 'a base image has a digest, so that it is the same image for ever',
  own: 'opinion',
  checks: {
    stage({ stage, site, base, baseName: name, image }, report) {
      if (base !== undefined || name === 'scratch' || name.includes('@') || image?.isNamedContext) return
      const message = `The base ${JSON.stringify(name)} has no digest: whoever can push to the repository can change what is built`
      report(message, { span: stage.from.image.span, at: site })
    },
  },
}
