import type { Rule } from '../rule.ts'

export const copyIgnoredFile: Rule = {
  name: 'CopyIgnoredFile',
  description: 'COPY and ADD do not ask for files that the ignore file keeps out of the context',
  checks: {
    source({ instruction, path, word, isIgnored }, report) {
      if (!isIgnored) return
      const verb = instruction === 'COPY' ? 'Copy' : 'Add'
      const message = `Attempting to ${verb} file ${JSON.stringify(path)} that is excluded by .dockerignore`
      report(message, { span: word.span })
    },
  },
}
