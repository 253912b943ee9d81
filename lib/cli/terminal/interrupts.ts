import { EXIT_CODES } from '../exit-codes.ts'

/** Why a build was aborted from outside. */
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
 * Runs an action with a signal that aborts on SIGINT, SIGTERM and SIGHUP, so that it can clean up and then fail; a second
 * one ends the process at once. Rejects with {@link Interrupted} when the action failed after an interrupt.
 */
export async function interruptible<T>(
  action: (signal: AbortSignal) => Promise<T>,
  onInterrupt: (message: string) => void = () => {},
): Promise<T> {
  const controller = new AbortController()
  const onSignal = (name: NodeJS.Signals): void => {
    const interrupted = new Interrupted(name)
    if (controller.signal.aborted) process.exit(interrupted.exitCode)
    onInterrupt('interrupted: cleaning up (Ctrl-C again ends at once)')
    controller.abort(interrupted)
  }
  for (const name of SIGNALS) process.on(name, onSignal)
  try {
    return await action(controller.signal)
  } catch (error) {
    throw controller.signal.aborted ? controller.signal.reason : error
  } finally {
    // After an interrupt the process is about to end: another one must not change with what.
    if (!controller.signal.aborted) for (const name of SIGNALS) process.off(name, onSignal)
  }
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
