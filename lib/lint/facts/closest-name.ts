/**
 * The name that is at most two edits from a misspelt one, the first of the closest; undefined when the name
 * itself is there.
 */
export function closestName(name: string, names: Iterable<string>): string | undefined {
  let best: string | undefined
  let limit = 3
  for (const candidate of names) {
    if (candidate === name) return undefined
    const distance = editDistance(name, candidate, limit)
    if (distance >= limit) continue
    best = candidate
    limit = distance
  }
  return best
}

/**
 * Levenshtein distance, cut off at `limit`: unlike lib/base/suggest.ts a swap of neighbours counts as two, as
 * in BuildKit.
 */
function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) >= limit) return limit
  let previous = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const current = [i]
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1
      current.push(Math.min((previous[j] ?? 0) + 1, (current[j - 1] ?? 0) + 1, (previous[j - 1] ?? 0) + cost))
    }
    if (Math.min(...current) >= limit) return limit
    previous = current
  }
  return previous[b.length] ?? limit
}
