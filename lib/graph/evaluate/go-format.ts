// Text as Go's fmt package prints it: history entries are compared byte by byte with the ones that BuildKit writes.

const SHORT: Readonly<Record<string, string>> = {
  '\x07': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '\\': '\\\\',
  '"': '\\"',
}

/** `%q` of a string. */
export function goQuote(text: string): string {
  const body = [...text].map((char) => {
    const short = SHORT[char]
    if (short !== undefined) return short
    const code = char.codePointAt(0) ?? 0
    if (code < 0x20 || code === 0x7f) return `\\x${code.toString(16).padStart(2, '0')}`
    // ASCII is tested first: the first test for a Unicode property takes milliseconds.
    if (code < 0x7f || /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u.test(char)) return char
    return code > 0xffff ? `\\U${code.toString(16).padStart(8, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`
  })
  return `"${body.join('')}"`
}

/** `%q` of a list of strings. */
export function goQuoteList(list: readonly string[]): string {
  return `[${list.map(goQuote).join(' ')}]`
}

/** `%v` of a list of strings. */
export function goList(list: readonly string[]): string {
  return `[${list.join(' ')}]`
}

/** A time.Duration of so many nanoseconds, e.g. `1m30s`, `1.5s`, `250ms`. */
export function goDuration(nanoseconds: number): string {
  if (nanoseconds === 0) return '0s'
  const sign = nanoseconds < 0 ? '-' : ''
  const total = Math.abs(nanoseconds)
  if (total < 1e3) return `${sign}${total}ns`
  if (total < 1e6) return `${sign}${total / 1e3}µs`
  if (total < 1e9) return `${sign}${total / 1e6}ms`
  const hours = Math.floor(total / 3600e9)
  const minutes = Math.floor((total % 3600e9) / 60e9)
  const seconds = (total % 60e9) / 1e9
  const prefix = hours > 0 ? `${hours}h${minutes}m` : minutes > 0 ? `${minutes}m` : ''
  return `${sign}${prefix}${seconds}s`
}
