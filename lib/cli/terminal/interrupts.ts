import { EXIT_CODES } from '../exit-codes.ts'

/** The reason of an action that a signal aborted. */
export class Interrupted extends Error {
  static {
    Interrupted.prototype.name = 'Interrupted'
  }
  readonly exitCode: number
  constructor(signal: NodeJS.Signals) {
    super(`interrupted by ${signal}`)
    this.exitCode = signal === 'SIGINT' ? EXIT_CODES.interrupted : EXIT_CODES.terminated
  }
}

/**
 * Runs an action with an AbortSignal that aborts on SIGINT, SIGTERM and SIGHUP, so that the action can clean up
 * and fail. A second interrupt ends the process immediately. Rejects with {@link Interrupted} if the action
 * fails after an interrupt.
 */
export async function interruptible<T>(
  action: (signal: AbortSignal) => Promise<T>,
  onInterrupt: (message: string) => void = () => {},
): Promise<T> {
  const controller = new AbortController()
  const onSignal = (name: NodeJS.Signals): void => {
    const interrupted = new Interrupted(name)
    if (controller.signal.aborted) process.exit(interrupted.exitCode)
    onInterrupt('interrupted: cleaning up (press Ctrl-C again to stop immediately)')
    controller.abort(interrupted)
  }
  for (const name of SIGNALS) process.on(name, onSignal)
  try {
    return await action(controller.signal)
  } catch (error) {
    throw controller.signal.aborted ? controller.signal.reason : error
  } finally {
    // After an interrupt the handlers stay, so that another signal cannot change the exit code.
    if (!controller.signal.aborted) for (const name of SIGNALS) process.off(name, onSignal)
  }
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
