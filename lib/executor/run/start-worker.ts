import { staleNames, temporaryPrefix } from '../../cache/temporary-files.ts'
import { unavailable } from '../../sandbox/backends/sandbox-unavailable.ts'
import { findPlace } from '../../sandbox/namespaces/find-namespaces.ts'
import type { Isolation, Place, Probe } from '../../sandbox/types.ts'
import { findKept } from '../worker/kept-failed-steps.ts'
import { keptDirectory, sandboxHome, temporaryDirectory } from '../worker/root/sandbox-directories.ts'
import { type RunWorker, startWorker, WorkerUnavailable } from './worker-client.ts'

/**
 * Starts a worker in the best place that there is. Errors with `SANDBOX_UNAVAILABLE`, saying all that was tried, when no back-end works,
 * or the wanted one doesn't.
 */
export async function openWorker(store: string, isolation: Isolation | 'auto'): Promise<RunWorker> {
  const { place, probes } = await findPlace()
  return start(store, isolation, place, probes, false)
}

/** A worker with this process's terminal, for what a kept step left. Errors as {@link openWorker}, and with `KEPT_STEP_NOT_FOUND`. */
export async function openShellWorker(
  store: string,
  isolation: Isolation | 'auto',
  name: string | undefined,
): Promise<{ readonly worker: RunWorker; readonly kept: string }> {
  const { place, probes } = await findPlace()
  const kept = findKept(keptDirectory(homeOf(store, place)), name)
  return { worker: await start(store, isolation, place, probes, true), kept }
}

async function start(
  store: string,
  isolation: Isolation | 'auto',
  place: Place,
  probes: readonly Probe[],
  terminal: boolean,
): Promise<RunWorker> {
  const home = homeOf(store, place)
  const stale = staleNames(temporaryDirectory(home))
  const prefix = temporaryPrefix()
  try {
    return await startWorker({ kind: 'start', store, home, isolation, place, prefix, stale }, terminal)
  } catch (error) {
    if (error instanceof WorkerUnavailable) throw unavailable([...probes, ...error.probes], isolation)
    throw error
  }
}

const homeOf = (store: string, place: Place): string => sandboxHome(store, place, process.getuid?.() ?? 0)
