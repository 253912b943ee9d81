const MULTIPLIERS: ReadonlyMap<string, number> = new Map([
  ['', 1],
  ['b', 1],
  ['k', 1024],
  ['m', 1024 ** 2],
  ['g', 1024 ** 3],
  ['t', 1024 ** 4],
  ['p', 1024 ** 5],
])

/** Parses a size such as `64m`, `1.5GiB` or `10 kb` to bytes; units are powers of 1024. Undefined if invalid. */
export function parseSize(text: string): number | undefined {
  const [, number = '', unit] = /^(\d{0,400}\.?\d{0,400}(?:e[+-]?\d{1,9})?) ?([a-z]{0,3})$/i.exec(text) ?? []
  if (unit === undefined || !/\d/.test(number)) return undefined
  const suffix = unit.toLowerCase()
  const multiplier = MULTIPLIERS.get(suffix.replace(/^([kmgtp])i?b$/, '$1'))
  const bytes = Math.trunc(Number(number) * (multiplier ?? Number.NaN))
  return bytes < 2 ** 63 ? bytes : undefined
}
