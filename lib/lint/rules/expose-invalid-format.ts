import type { Rule } from '../rule.ts'

export const exposeInvalidFormat: Rule = {
  name: 'ExposeInvalidFormat',
  description: 'EXPOSE names ports of the container, not addresses or ports of the host',
  checks: {
    port({ text, host, word }, report) {
      if (host === '') return
      const message = `EXPOSE instruction should not define an IP address or host-port mapping, found '${text}'`
      report(message, { span: word.span })
    },
  },
}
