import type { Rule } from '../rule.ts'

export const exposeProtoCasing: Rule = {
  name: 'ExposeProtoCasing',
  description: 'protocols in EXPOSE are written in lower case',
  checks: {
    port({ text, protocol, word }, report) {
      const lower = protocol.toLowerCase()
      if (protocol === lower) return
      // The protocol comes last. Where the port is made from variables, it may not be written here.
      const isWritten = word.value === text && word.span.end - word.span.start === text.length
      const span = { start: word.span.end - protocol.length, end: word.span.end }
      const fix = isWritten ? [{ span, text: lower }] : undefined
      report(`Defined protocol '${text}' in EXPOSE instruction should be lowercase`, { span: word.span, fix })
    },
  },
}
