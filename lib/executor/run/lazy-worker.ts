import { TsbuildError } from '../../base/errors.ts'
import type { Store } from '../../cache/store.ts'
import type { Clock } from '../clock.ts'
import type { BuildEvent } from '../events.ts'
import type { RunOptions, SandboxInfo } from '../run-options.ts'
import type { RunWorker } from './worker-client.ts'

/** The worker of a build, which starts when the build needs it. */
export interface LazyWorker {
  /** The worker. The first call loads the modules of the sandbox, starts the process and emits the `sandbox` event. */
  worker(): Promise<RunWorker>
  /** The sandbox of the worker; undefined until the worker has started. */
  sandbox(): SandboxInfo | undefined
  /** Ends the worker. Idempotent. Another call of `worker` starts a new one. */
  close(): Promise<void>
}

interface LazyWorkerOptions {
  readonly run: RunOptions
  readonly clock: Clock
  readonly emit: (event: BuildEvent) => void
}

export function createLazyWorker(store: Store, { run: options, clock, emit }: LazyWorkerOptions): LazyWorker {
  let opening: Promise<RunWorker> | undefined
  let sandbox: SandboxInfo | undefined
  const open = async (): Promise<RunWorker> => {
    if (store.root === undefined) {
      throw new TsbuildError('SANDBOX_UNAVAILABLE', 'RUN needs a store in a directory, and this store has none', {
        hint: 'build with the path of a directory as the "store" option, or without RUN',
      })
    }
    const { startWorker } = await import('./start-worker.ts')
    const worker = await startWorker(store.root, options.isolation ?? 'auto', options.programs)
    const { isolation, program, overlay } = worker.state
    sandbox = { isolation, program, overlay }
    emit({ type: 'sandbox', time: clock.now(), ...sandbox })
    return worker
  }
  return {
    worker: () => {
      opening ??= open()
      return opening
    },
    sandbox: () => sandbox,
    close: async () => {
      const opened = opening
      opening = undefined
      const worker = await opened?.catch(() => undefined)
      await worker?.close()
    },
  }
}
