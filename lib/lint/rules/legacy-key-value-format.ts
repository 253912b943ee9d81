import type { Edit } from '../../parser/index.ts'
import type { KeyValue } from '../../parser/types.ts'
import type { Rule } from '../rule.ts'

export const legacyKeyValueFormat: Rule = {
  name: 'LegacyKeyValueFormat',
  description: 'ENV and LABEL are written with =',
  checks: {
    pair({ keyword, pair, text }, report) {
      if (pair.separator === '=') return
      const { value: name } = keyword
      const message = `"${name} key=value" should be used instead of legacy "${name} key value" format`
      report(message, { span: { start: pair.key.span.start, end: pair.value.span.end }, fix: withEquals(pair, text) })
    },
  },
}

/** The pair with `=`, where the value means the same in quotes: without quotes or escapes of its own, on one line. */
function withEquals({ key, value }: KeyValue, text: string): readonly Edit[] | undefined {
  const span = { start: key.span.end, end: value.span.end }
  const written = text.slice(value.span.start, value.span.end)
  const isPlain = written === value.value && written !== '' && !/["'\\`\r\n]/.test(written)
  if (!isPlain || !/^[\w./-]+$/.test(key.value) || !/^[ \t]+$/.test(text.slice(span.start, value.span.start))) {
    return undefined
  }
  return [{ span, text: /\s/.test(written) ? `="${written}"` : `=${written}` }]
}
