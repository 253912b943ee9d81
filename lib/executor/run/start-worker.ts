// Starts a worker process in the best namespaces that this environment allows.
import { bootName } from '../../base/boot.ts'
import { processMark } from '../../base/process-mark.ts'
import { staleNames } from '../../cache/temporary-files.ts'
import { sandboxUnavailable } from '../../sandbox/backends/sandbox-unavailable.ts'
import { findNamespaces } from '../../sandbox/namespaces/find-namespaces.ts'
import { sweepControlGroups } from '../../sandbox/oci/sweep-control-groups.ts'
import type { Isolation } from '../../sandbox/types.ts'
import { findKept } from '../worker/kept-failed-steps.ts'
import { keptDirectory, sandboxHome, temporaryDirectory } from '../worker/sandbox-directories.ts'
import { connectWorker, type RunWorker, WorkerUnavailable } from './worker-client.ts'

type FoundNamespaces = Awaited<ReturnType<typeof findNamespaces>>

/**
 * Starts the worker of a build. `store` is the store's directory, `programs` that of RunOptions. Errors with
 * `SANDBOX_UNAVAILABLE`, which lists all probes, when no back-end works, or when the wanted one doesn't; with
 * `SANDBOX_FAILED` when the process can't be started.
 */
export async function startWorker(
  store: string,
  isolation: Isolation | 'auto',
  programs: string | undefined,
): Promise<RunWorker> {
  return start(await findNamespaces(), { store, isolation, programs, terminal: false })
}

/**
 * Starts a worker on this process's terminal, for a shell in a kept step: by default the newest one. Errors as
 * {@link startWorker}, and with `KEPT_STEP_NOT_FOUND`.
 */
export async function startShellWorker(
  store: string,
  isolation: Isolation | 'auto',
  name: string | undefined,
): Promise<{ readonly worker: RunWorker; readonly kept: string }> {
  const found = await findNamespaces()
  const kept = findKept(keptDirectory(homeOf(store, found)), name)
  return { worker: await start(found, { store, isolation, programs: undefined, terminal: true }), kept }
}

interface StartOptions {
  readonly store: string
  readonly isolation: Isolation | 'auto'
  readonly programs: string | undefined
  readonly terminal: boolean
}

async function start(
  found: FoundNamespaces,
  { store, isolation, programs, terminal }: StartOptions,
): Promise<RunWorker> {
  const { namespaces, probes } = found
  sweepControlGroups()
  const home = homeOf(store, found)
  const stale = staleNames(temporaryDirectory(home))
  const boot = bootName()
  const prefix = processMark()
  try {
    return await connectWorker(
      { kind: 'start', store, home, isolation, namespaces, boot, prefix, stale },
      { programs, terminal },
    )
  } catch (error) {
    if (error instanceof WorkerUnavailable) throw sandboxUnavailable([...probes, ...error.probes], isolation)
    throw error
  }
}

function homeOf(store: string, { namespaces }: FoundNamespaces): string {
  return sandboxHome(store, namespaces, process.getuid?.() ?? 0)
}
