import { join } from 'node:path'
import { writeAccount } from '../../cache/space/account.ts'
import { cacheSize, chooseParts, type PartChoice, type SpaceTargets } from '../../cache/space/choose-parts.ts'
import { removeParts } from '../../cache/space/remove-parts.ts'
import { storedParts } from '../../cache/space/stored-parts.ts'
import type { StoredPart, UsageType } from '../../cache/space/usage-record.ts'
import type { Store } from '../../cache/store.ts'
import { removeTree } from '../../executor/worker/root/remove-tree.ts'

/** The store whose limit is kept. */
type LimitedStore = Pick<Store, 'freeSpace' | 'temporary'>

const HOUR = 3_600_000
/** The parts that are made again most easily. */
const EASY: ReadonlySet<UsageType> = new Set([
  'source.local',
  'source.git.checkout',
  'source.http',
  'exec.cachemount',
  'failed-step',
])
/** The part of a limit that is left free, so that the next builds need not count again. */
const SLACK = 0.05

/** BuildKit's rules, one after the other. */
function rules(targets: SpaceTargets): readonly PartChoice[] {
  const { maxUsedSpace, minFreeSpace, reservedSpace } = targets
  const lower = { maxUsedSpace: maxUsedSpace && maxUsedSpace * (1 - SLACK), minFreeSpace, reservedSpace }
  return [
    { maxUsedSpace: 512e6, unusedFor: 48 * HOUR, filter: ({ type }) => EASY.has(type) },
    { reservedSpace: Math.max(reservedSpace ?? 0, 1), unusedFor: 60 * 24 * HOUR },
    lower,
    { ...lower, all: true },
  ]
}

/**
 * Brings the cache of a store within its targets, and begins a new account. What is above a target by less than the
 * slack stays. Errors with `STORE_IO`.
 */
export async function applyLimit(root: string, targets: SpaceTargets, store: LimitedStore): Promise<void> {
  let parts = await storedParts(root)
  for (const choice of rules(targets)) {
    const chosen = isAbove(parts, targets, store) || choice.unusedFor ? choose(parts, choice, store) : []
    if (chosen.length === 0) continue
    const removed = new Set((await removeParts(root, chosen, removeTree)).map(({ id }) => id))
    parts = parts.filter(({ id }) => !removed.has(id))
  }
  writeAccount(root, cacheSize(parts), join(store.temporary(), 'usage'))
}

function choose(parts: readonly StoredPart[], choice: PartChoice, store: LimitedStore): readonly StoredPart[] {
  return chooseParts(parts, choice, { freeSpace: store.freeSpace() })
}

function isAbove(parts: readonly StoredPart[], targets: SpaceTargets, store: LimitedStore): boolean {
  const { maxUsedSpace = Number.POSITIVE_INFINITY, minFreeSpace = 0 } = targets
  return cacheSize(parts) > maxUsedSpace || store.freeSpace() < minFreeSpace
}
