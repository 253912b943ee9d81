import { SYSTEM_CLOCK } from '../../executor/clock.ts'
import { observeStep } from '../../executor/observe-step.ts'
import type { BuildOptions } from '../build-options.ts'

/** Runs a download as a step of the build, so that its progress is visible although there is no graph yet. */
export async function observeDownload<T>(
  context: string,
  { clock = SYSTEM_CLOCK, onEvent = () => {}, signal = new AbortController().signal }: BuildOptions,
  download: (onBytes: (bytes: number) => void) => Promise<T>,
): Promise<T> {
  const step = `context:${context}`
  const label = context === 'context' ? '[internal] load build context' : `[context ${context}] load`
  onEvent({ type: 'plan', time: clock.now(), steps: [{ id: step, name: label, inputs: [] }] })
  const onBytes = (current: number): void => {
    onEvent({ type: 'progress', time: clock.now(), step, current, unit: 'bytes' })
  }
  return observeStep(step, { clock, emit: onEvent, signal }, () => download(onBytes))
}
