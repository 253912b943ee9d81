import { sessionOf } from '../executor/execute.ts'
import { isUncachedRun } from '../executor/run/run-cache-key.ts'
import type { Session } from '../executor/session.ts'
import type { JoinedGraphs } from '../graph/join-graphs.ts'

/**
 * Starts the worker if a RUN step surely needs it, so that a build that can't run commands fails before its first
 * step. Errors with `SANDBOX_UNAVAILABLE`, `SANDBOX_FAILED`.
 */
export async function startWorkerEarly({ vertices }: JoinedGraphs, session: Session): Promise<void> {
  if (vertices.some((vertex) => isUncachedRun(vertex, sessionOf(vertex, session)))) await session.worker()
}
