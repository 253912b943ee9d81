// The progress of a pull or push, shown like the steps of a build.
import { messageOf } from '../../base/errors.ts'
import type { Args } from '../command-spec.ts'
import { interruptible } from '../terminal/interrupts.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { chooseProgress, openProgress } from './choose-progress.ts'
import { variableWarnings } from './variable-warnings.ts'

export interface Transfer {
  readonly signal: AbortSignal
  readonly onProgress: (current: number, total: number) => void
  readonly onRetry: (reason: string, milliseconds: number) => void
}

/** Runs a transfer and shows its progress according to `--progress` or `--quiet`. An interrupt aborts the transfer. */
export async function showTransfer<T>(
  name: string,
  args: Args,
  terminal: Terminal,
  action: (transfer: Transfer) => Promise<T>,
): Promise<T> {
  const kind = args.on('quiet') ? 'none' : chooseProgress(args.value('progress') ?? 'auto', terminal.err, terminal.env)
  const progress = openProgress(kind, terminal.err, terminal.env)
  const step = 'transfer'
  progress.onEvent({ type: 'plan', time: Date.now(), steps: [{ id: step, name, inputs: [] }] })
  progress.onEvent({ type: 'started', time: Date.now(), step })
  for (const warning of variableWarnings(terminal.env, ['DOCKER_CONTENT_TRUST'])) progress.onEvent(warning)
  const onProgress = (current: number, total: number): void =>
    progress.onEvent({ type: 'progress', time: Date.now(), step, current: Math.max(0, current), total, unit: 'bytes' })
  const onRetry = (reason: string, milliseconds: number): void => {
    const text = `trying again in ${(milliseconds / 1000).toFixed(1)}s: ${reason}\n`
    progress.onEvent({ type: 'log', time: Date.now(), step, stream: 'stderr', text })
  }
  try {
    const result = await interruptible((signal) => action({ signal, onProgress, onRetry }), progress.note)
    progress.onEvent({ type: 'completed', time: Date.now(), step, cached: false })
    return result
  } catch (error) {
    const message = messageOf(error)
    progress.onEvent({ type: 'completed', time: Date.now(), step, cached: false, error: message })
    throw error
  } finally {
    progress.finish()
  }
}
