import { messageOf } from '../base/errors.ts'
import type { Session } from './session.ts'
import type { Miss } from './why/miss.ts'

/** Emits the start and the end of a step: cached, failed, or cancelled with the build. */
export async function observeStep<T>(
  step: string,
  session: Pick<Session, 'clock' | 'emit' | 'signal'>,
  action: () => Promise<T>,
  isCached: (result: T) => boolean = () => false,
): Promise<T> {
  session.emit({ type: 'started', time: session.clock.now(), step })
  try {
    const result = await action()
    session.emit({ type: 'completed', time: session.clock.now(), step, cached: isCached(result) })
    return result
  } catch (error) {
    const message = messageOf(error)
    const end = session.signal.aborted ? { cancelled: true as const } : { error: message }
    session.emit({ type: 'completed', time: session.clock.now(), step, cached: false, ...end })
    throw error
  }
}

/** Milliseconds between two progress events of a download. */
const PROGRESS_INTERVAL = 100

/** Emits the progress of a step's download, now and then. */
export function downloadProgress(
  step: string,
  { clock, emit }: Pick<Session, 'clock' | 'emit'>,
): (current: number, total: number) => void {
  let reported = 0
  return (current, total) => {
    const now = clock.now()
    if (now - reported < PROGRESS_INTERVAL && current < total) return
    reported = now
    emit({ type: 'progress', time: now, step, current, total, unit: 'bytes' })
  }
}

/** Tells why a step is not in the cache. */
export function emitMiss(step: string, miss: Miss, { clock, emit }: Pick<Session, 'clock' | 'emit'>): void {
  emit({ type: 'missed', time: clock.now(), step, ...miss })
}
