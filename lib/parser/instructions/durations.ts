/** Go's duration units, in nanoseconds. */
const UNITS: ReadonlyMap<string, bigint> = new Map([
  ['ns', 1n],
  ['us', 1_000n],
  ['\u00b5s', 1_000n],
  ['\u03bcs', 1_000n],
  ['ms', 1_000_000n],
  ['s', 1_000_000_000n],
  ['m', 60_000_000_000n],
  ['h', 3_600_000_000_000n],
])

const LONGEST = 2n ** 63n

/**
 * Parses a duration such as `1h30m` or `-1.5s` to nanoseconds, as Go's `time.ParseDuration` does; undefined if
 * invalid.
 */
export function parseDuration(text: string): number | undefined {
  const negative = text.startsWith('-')
  let rest = negative || text.startsWith('+') ? text.slice(1) : text
  if (rest === '0') return 0
  if (rest === '') return undefined
  let total = 0n
  while (rest !== '') {
    const [part, whole = '', fraction = '', name = ''] = /^(\d*)(?:\.(\d*))?([^\d.]+)/.exec(rest) ?? []
    const unit = UNITS.get(name)
    if (part === undefined || unit === undefined || whole + fraction === '') return undefined
    total += BigInt(whole) * unit + (BigInt(fraction || 0) * unit) / 10n ** BigInt(fraction.length)
    if (total > (negative ? LONGEST : LONGEST - 1n)) return undefined
    rest = rest.slice(part.length)
  }
  return Number(negative ? -total : total)
}
