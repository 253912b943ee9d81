import { staleNames, temporaryPrefix } from '../../cache/temporary-files.ts'
import { sandboxUnavailable } from '../../sandbox/backends/sandbox-unavailable.ts'
import { findNamespaces } from '../../sandbox/namespaces/find-namespaces.ts'
import type { Isolation, Probe, WorkerNamespaces } from '../../sandbox/types.ts'
import { findKept } from '../worker/kept-failed-steps.ts'
import { keptDirectory, sandboxHome, temporaryDirectory } from '../worker/sandbox-directories.ts'
import { type RunWorker, startWorker, WorkerUnavailable } from './worker-client.ts'

/**
 * Starts a worker in the best place that there is. Errors with `SANDBOX_UNAVAILABLE`, saying all that was tried, when
 * no back-end works, or the wanted one doesn't.
 */
export async function openWorker(store: string, isolation: Isolation | 'auto'): Promise<RunWorker> {
  const { namespaces, probes } = await findNamespaces()
  return start(store, isolation, namespaces, probes, false)
}

/**
 * A worker with this process's terminal, for what a kept step left. Errors as {@link openWorker}, and with
 * `KEPT_STEP_NOT_FOUND`.
 */
export async function openShellWorker(
  store: string,
  isolation: Isolation | 'auto',
  name: string | undefined,
): Promise<{ readonly worker: RunWorker; readonly kept: string }> {
  const { namespaces, probes } = await findNamespaces()
  const kept = findKept(keptDirectory(homeOf(store, namespaces)), name)
  return { worker: await start(store, isolation, namespaces, probes, true), kept }
}

async function start(
  store: string,
  isolation: Isolation | 'auto',
  namespaces: WorkerNamespaces,
  probes: readonly Probe[],
  terminal: boolean,
): Promise<RunWorker> {
  const home = homeOf(store, namespaces)
  const stale = staleNames(temporaryDirectory(home))
  const prefix = temporaryPrefix()
  try {
    return await startWorker({ kind: 'start', store, home, isolation, namespaces, prefix, stale }, terminal)
  } catch (error) {
    if (error instanceof WorkerUnavailable) throw sandboxUnavailable([...probes, ...error.probes], isolation)
    throw error
  }
}

const homeOf = (store: string, namespaces: WorkerNamespaces): string =>
  sandboxHome(store, namespaces, process.getuid?.() ?? 0)
