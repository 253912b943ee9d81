import type { History } from '../../oci/types.ts'

/**
 * Fills in the times of history entries as BuildKit does: an entry with a layer has the time of its layer. An entry
 * without one takes the time of the first new layer, or else of the last entry before it that has a time.
 */
export function fillHistoryTimes(history: readonly History[]): History[] {
  const firstUnknown = history.findIndex((h) => h.created === undefined)
  if (firstUnknown === -1) return [...history]
  const later = history.slice(firstUnknown).find((h) => h.created !== undefined)
  const earlier = history.slice(0, firstUnknown).findLast((h) => h.created !== undefined)
  let current = (later ?? earlier)?.created
  let unknownSeen = false
  return history.map((h) => {
    if (h.created !== undefined) {
      if (unknownSeen) current = h.created
      return h
    }
    unknownSeen = true
    return current === undefined ? h : { ...h, created: current }
  })
}
