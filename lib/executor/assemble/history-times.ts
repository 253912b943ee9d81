import type { History } from '../../oci/types.ts'

/**
 * Fills in when each entry was made, as BuildKit does: layers know their own time, and what has no layer takes the time of the
 * first new layer, or of the last entry before it that has one.
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
