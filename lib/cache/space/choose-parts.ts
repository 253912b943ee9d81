// The choice of parts for a removal, by buildx's rules.
import type { StoredPart, UsageRecord } from './usage-record.ts'

/** The space that a removal leaves to the cache: everything but images with names. All in bytes. */
export interface SpaceTargets {
  /** The cache may be this large. */
  readonly maxUsedSpace?: number | undefined
  /** The disk should have this much free space. */
  readonly minFreeSpace?: number | undefined
  /** The cache keeps this much in any case. */
  readonly reservedSpace?: number | undefined
}

/** Which parts to remove. Without targets, all parts that the other members allow. */
export interface PartChoice extends SpaceTargets {
  /** Take what belongs to layers of images with names, and notes about names, too. */
  readonly all?: boolean | undefined
  /** Take only what was not used for this many milliseconds. */
  readonly unusedFor?: number | undefined
  /** Take only these. */
  readonly filter?: ((record: UsageRecord) => boolean) | undefined
}

/** The parts to remove, the least recently used first. `freeSpace` is that of the disk, in bytes. */
export function chooseParts(
  parts: readonly StoredPart[],
  choice: PartChoice,
  { freeSpace, now = Date.now() }: { readonly freeSpace: number; readonly now?: number },
): readonly StoredPart[] {
  const { all = false, unusedFor = 0, filter = () => true } = choice
  let used = cacheSize(parts)
  const keep = keptBytes(used, choice, freeSpace)
  const chosen: StoredPart[] = []
  for (const part of parts) {
    if (keep > 0 && used <= keep) break
    if (!part.reclaimable || !filter(part) || now - Date.parse(part.lastUsed) < unusedFor) continue
    if (!all && (part.shared || part.type === 'internal')) continue
    chosen.push(part)
    if (!part.shared) used -= part.size
  }
  return chosen
}

/** The bytes of the cache: all parts but images with names, and what belongs to their layers. */
export function cacheSize(parts: readonly UsageRecord[]): number {
  return parts.reduce((sum, { names, shared, size }) => (names === undefined && !shared ? sum + size : sum), 0)
}

/** The bytes of the cache that stay; zero for no limit on the removal. */
function keptBytes(
  used: number,
  { maxUsedSpace = 0, minFreeSpace = 0, reservedSpace = 0 }: SpaceTargets,
  freeSpace: number,
): number {
  if (maxUsedSpace === 0 && minFreeSpace === 0 && reservedSpace === 0) return 0
  const limits = maxUsedSpace > 0 ? [maxUsedSpace] : []
  if (minFreeSpace > 0) limits.push(used - Math.max(0, minFreeSpace - freeSpace))
  return Math.max(limits.length > 0 ? Math.min(...limits) : 0, reservedSpace, 1)
}
