// Keeps the cache within its limit after a build. A build that wrote nothing has nothing to do here.
import { statfsSync } from 'node:fs'
import { TsbuildError } from '../../base/errors.ts'
import { type Account, readAccount } from '../../cache/space/account.ts'
import type { SpaceTargets } from '../../cache/space/choose-parts.ts'
import type { BuildWarning } from '../../executor/session.ts'
import type { BuildOptions } from '../build-options.ts'
import type { BuildResources } from '../build-resources.ts'
import { cacheTargets } from './cache-limit.ts'

const HOUR = 3_600_000

export interface LimitOptions extends Pick<BuildOptions, 'cacheLimit' | 'env'> {
  readonly signal: AbortSignal
  readonly warn: (warning: BuildWarning) => void
}

/**
 * Disposing removes the least recently used parts of the cache, if the cache has grown beyond its limit, the disk is
 * nearly full, or nobody has looked for a day. A failed build does so as well, since a full disk may have failed it. A
 * removal that fails is a warning. Errors with `OPTION_INVALID` for a limit that is none.
 */
export function keepLimit({ store, worker }: BuildResources, options: LimitOptions): AsyncDisposable {
  const { root } = store
  const { cacheLimit, env = process.env, signal, warn } = options
  const targets = root === undefined ? undefined : cacheTargets(cacheLimit, env, diskOf(root))
  return {
    [Symbol.asyncDispose]: async () => {
      if (root === undefined || targets === undefined || signal.aborted) return
      const wrote = store.written?.settle() === true
      const ran = worker.sandbox() !== undefined
      try {
        if ((wrote || ran) && isDue(readAccount(root), targets, { freeSpace: store.freeSpace(), ran })) {
          const { applyLimit } = await import('./apply-limit.ts')
          await applyLimit(root, targets, store)
        }
      } catch (error) {
        if (!(error instanceof TsbuildError)) throw error
        const message = `the cache could not be kept within its limit: ${error.message}`
        warn({ code: error.code, message, hint: error.hint, step: undefined })
      }
    },
  }
}

function diskOf(root: string): { readonly total: number } {
  const { blocks, bsize } = statfsSync(root)
  return { total: blocks * bsize }
}

interface Now {
  readonly freeSpace: number
  /** Whether steps ran: they may have filled caches, whose growth nobody counts. */
  readonly ran: boolean
}

/** Whether the cache has to be counted, and perhaps reduced. */
function isDue(account: Account | undefined, targets: SpaceTargets, { freeSpace, ran }: Now): boolean {
  if (!account) return true
  const { counted, written } = account
  const { maxUsedSpace = Number.POSITIVE_INFINITY, minFreeSpace = 0, reservedSpace = 0 } = targets
  const age = Date.now() - account.time
  if (age > 24 * HOUR || (ran && age > HOUR)) return true
  const isAbove = counted + written > maxUsedSpace || (freeSpace < minFreeSpace && counted + written > reservedSpace)
  // A count that found it above the limit has removed all that it could.
  const wasAbove = counted > maxUsedSpace || (freeSpace < minFreeSpace && counted > reservedSpace)
  return isAbove && (!wasAbove || written > counted / 20 || age > HOUR / 6)
}
