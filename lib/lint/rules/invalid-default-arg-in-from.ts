import type { Rule } from '../rule.ts'
import { isImageName } from '../walk/image-name.ts'

export const invalidDefaultArgInFrom: Rule = {
  name: 'InvalidDefaultArgInFrom',
  description: 'FROM names an image even when no build arg is given',
  checks: {
    defaultBase({ from, name }, report) {
      if (isImageName(name)) return
      const { value, span } = from.image
      report(`Default value for ARG ${value} results in empty or invalid base image name`, { span })
    },
  },
}
