import type { Rule } from '../rule.ts'

const secret = words('apikey|auth|credential|credentials|key|password|pword|passwd|secret|token')
const harmless = words('public|file|version')

export const secretsUsedInArgOrEnv: Rule = {
  name: 'SecretsUsedInArgOrEnv',
  description: 'secrets are not passed by ARG or ENV, which stay in the image',
  checks: {
    variable({ instruction, name, word }, report) {
      if (!secret.test(name) || harmless.test(name)) return
      const message = `Do not use ARG or ENV instructions for sensitive data (${instruction} ${JSON.stringify(name)})`
      report(message, { span: word.span })
    },
  },
}

/** One of these words, between underscores or the ends of a name. */
function words(alternatives: string): RegExp {
  return new RegExp(`(?:_|^)(?:${alternatives})(?:_|$)`, 'i')
}
