import { TsbuildError } from '../base/errors.ts'

/**
 * Splits one line of CSV (RFC 4180), as in docker's flags: `type=oci,"dest=a,b.tar"`. Errors with
 * `OUTPUT_INVALID` for quotes that do not enclose a whole field.
 */
export function csvFields(line: string): readonly string[] {
  const fields: string[] = []
  for (let at = 0; at <= line.length; at++) {
    const quoted = line[at] === '"'
    const { text, end } = quoted ? quotedField(line, at) : bareField(line, at)
    fields.push(text)
    at = end
  }
  return fields
}

function bareField(line: string, start: number): { text: string; end: number } {
  const comma = line.indexOf(',', start)
  const end = comma === -1 ? line.length : comma
  const text = line.slice(start, end)
  if (text.includes('"')) throw invalid(line, 'a quote inside a field')
  return { text, end }
}

function quotedField(line: string, start: number): { text: string; end: number } {
  let text = ''
  for (let at = start + 1; ; ) {
    const quote = line.indexOf('"', at)
    if (quote === -1) throw invalid(line, 'a quote that is not closed')
    text += line.slice(at, quote)
    if (line[quote + 1] !== '"') {
      const end = quote + 1
      if (end < line.length && line[end] !== ',') throw invalid(line, 'text after a closing quote')
      return { text, end }
    }
    text += '"'
    at = quote + 2
  }
}

function invalid(line: string, problem: string): TsbuildError {
  return new TsbuildError('OUTPUT_INVALID', `invalid output ${JSON.stringify(line)}: ${problem}`, {
    hint: 'quote a whole field, and double any quote inside it: type=oci,"dest=a,b.tar"',
  })
}
