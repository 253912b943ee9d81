import { staleNames, temporaryPrefix } from '../../cache/temporary-files.ts'
import { findPlace } from '../../sandbox/place.ts'
import type { Isolation } from '../../sandbox/types.ts'
import { unavailable } from '../../sandbox/unavailable.ts'
import { sandboxHome, temporaryDirectory } from './sandbox-home.ts'
import { type RunWorker, startWorker, WorkerUnavailable } from './worker-client.ts'

/**
 * Starts a worker in the best place that there is. Errors with `SANDBOX_UNAVAILABLE`, saying all that was tried, when no back-end works,
 * or the wanted one doesn't.
 */
export async function openWorker(store: string, isolation: Isolation | 'auto'): Promise<RunWorker> {
  const { place, probes } = await findPlace()
  const home = sandboxHome(store, place, process.getuid?.() ?? 0)
  try {
    const stale = staleNames(temporaryDirectory(home))
    return await startWorker({ kind: 'start', store, home, isolation, place, prefix: temporaryPrefix(), stale })
  } catch (error) {
    if (error instanceof WorkerUnavailable) throw unavailable([...probes, ...error.probes], isolation)
    throw error
  }
}
