// Comma-separated values, as in --mount and --device.

/** A field with its offset in the line. `exact` is false if quotes make offsets within the field unreliable. */
export interface CsvField {
  readonly value: string
  readonly from: number
  readonly exact: boolean
}

/**
 * Splits a line at commas; fields may be quoted as in RFC 4180. Returns the reason as a string if the line is
 * malformed.
 */
export function readCsv(line: string): readonly CsvField[] | string {
  const fields: CsvField[] = []
  const end = line.length
  if (end === 0) return 'it is empty'
  for (let at = 0; ; ) {
    const field = line.charAt(at) === '"' ? readQuoted(line, at) : readPlain(line, at)
    if (typeof field === 'string') return field
    fields.push(field)
    if (field.end >= end) return fields
    at = field.end + 1
  }
}

type FieldEnd = CsvField & { readonly end: number }

function readPlain(line: string, from: number): FieldEnd | string {
  const comma = line.indexOf(',', from)
  const end = comma === -1 ? line.length : comma
  const value = line.slice(from, end)
  return value.includes('"') ? `there is a bare " in ${JSON.stringify(value)}` : { value, from, exact: true, end }
}

function readQuoted(line: string, from: number): FieldEnd | string {
  let value = ''
  for (let at = from + 1; ; ) {
    const quote = line.indexOf('"', at)
    if (quote === -1) return 'a " is not closed'
    value += line.slice(at, quote)
    const next = line.charAt(quote + 1)
    if (next === '' || next === ',') return { value, from, exact: false, end: quote + 1 }
    if (next !== '"') return 'a closing " must be followed by a comma'
    value += '"'
    at = quote + 2
  }
}
