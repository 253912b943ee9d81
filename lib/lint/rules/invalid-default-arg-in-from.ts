import { tryNormaliseName } from '../../oci/reference.ts'
import type { Rule } from '../rule.ts'

export const invalidDefaultArgInFrom: Rule = {
  name: 'InvalidDefaultArgInFrom',
  description: 'FROM names an image even when no build arg is given',
  checks: {
    defaultBase({ from, name }, report) {
      if (tryNormaliseName(name) !== undefined) return
      const { value, span } = from.image
      report(`Default value for ARG ${value} results in empty or invalid base image name`, { span })
    },
  },
}
