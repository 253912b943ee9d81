import { TsbuildError } from '../../base/errors.ts'
import { startWorker } from './start-worker.ts'

/**
 * Removes the temporary directories that nobody will finish in the user's sandbox of a store. Those with files of
 * subordinate ids a worker alone can remove, which does so when it starts. Where none can start, they stay. Errors with
 * `SANDBOX_FAILED`.
 */
export async function removeLeftTrees(store: string): Promise<void> {
  try {
    const worker = await startWorker(store, 'auto', undefined)
    await worker.close()
  } catch (error) {
    if (!(error instanceof TsbuildError) || error.code !== 'SANDBOX_UNAVAILABLE') throw error
  }
}
