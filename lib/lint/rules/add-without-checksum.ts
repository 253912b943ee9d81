import type { Rule } from '../rule.ts'

export const addWithoutChecksum: Rule = {
  name: 'AddWithoutChecksum',
  description: 'ADD of a URL has a --checksum',
  own: 'opinion',
  checks: {
    stage({ steps }, report) {
      for (const step of steps) {
        if (step.kind !== 'copy' || step.instruction.kind !== 'ADD' || step.instruction.checksum) continue
        for (const { word, path } of step.sources) {
          if (!/^https?:\/\//.test(path) || /\.git(?:[#?]|$)/.test(path)) continue
          const whose = path.startsWith('http:') ? 'the server, or anyone on the way to it,' : 'the server'
          const message = `Nothing says what this URL is to give: ${whose} decides what is in the image; add --checksum=sha256:…`
          report(message, { span: word.span, at: step.site })
        }
      }
    },
  },
}
