import type { Rule } from '../rule.ts'

export const workdirRelativePath: Rule = {
  name: 'WorkdirRelativePath',
  description: 'the first WORKDIR is absolute, so that it does not depend on the base image',
  checks: {
    workdir({ path, word, isAbsolute, isFirst }, report) {
      if (!isFirst || isAbsolute) return
      const quoted = JSON.stringify(path)
      report(`Relative workdir ${quoted} can have unexpected results if the base image changes`, { span: word.span })
    },
  },
}
