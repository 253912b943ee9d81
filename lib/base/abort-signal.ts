import { setMaxListeners } from 'node:events'

/**
 * A signal that aborts with the first of these signals, and with its reason. Any number of operations may listen to
 * it at once: Node.js warns of a leak when other signals have more than ten listeners.
 */
export function joinSignals(...signals: readonly (AbortSignal | undefined)[]): AbortSignal {
  const joined = AbortSignal.any(signals.filter((signal) => signal !== undefined))
  setMaxListeners(0, joined)
  return joined
}
