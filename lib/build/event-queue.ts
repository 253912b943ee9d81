import type { BuildEvent } from '../executor/events.ts'

/** Events that were emitted and not read yet. */
export interface EventQueue {
  push(event: BuildEvent): void
  /** Removes and returns the oldest event. */
  shift(): BuildEvent | undefined
  /** The length of the output in the queue, and of the objects that hold it. */
  size(): number
  /** A queue of its own with the same events, and without a limit. */
  copy(): EventQueue
}

/** The weight of an event beside its text. */
const OVERHEAD = 100

/**
 * The queue keeps the last event of each step's progress. Beyond `limit` it drops the oldest output, which is that of
 * `log` events: all others are as few as the steps are.
 */
export function createEventQueue(
  limit: number = Number.POSITIVE_INFINITY,
  start: readonly BuildEvent[] = [],
): EventQueue {
  let places: (BuildEvent | undefined)[] = []
  /** The places of the last progress of each step. */
  const progress = new Map<string, number>()
  /** The first place that may have an event, and the first that may have output. */
  let head = 0
  let oldestLog = 0
  let count = 0
  let size = 0

  const take = (place: number): BuildEvent | undefined => {
    const event = places[place]
    if (event === undefined) return undefined
    places[place] = undefined
    count--
    size -= weigh(event)
    return event
  }
  const closeGaps = (): void => {
    if (places.length < 2 * count + 1000) return
    places = places.filter((event) => event !== undefined)
    head = oldestLog = 0
    for (const [place, event] of places.entries()) if (event?.type === 'progress') progress.set(event.step, place)
  }
  const push = (event: BuildEvent): void => {
    if (event.type === 'progress') {
      const previous = progress.get(event.step) ?? -1
      const old = places[previous]
      if (old?.type === 'progress' && old.step === event.step) take(previous)
      progress.set(event.step, places.length)
    }
    places.push(event)
    count++
    size += weigh(event)
    for (; size > limit; oldestLog++) if (places[oldestLog]?.type === 'log') take(oldestLog)
    closeGaps()
  }
  for (const event of start) push(event)
  return {
    push,
    shift: () => {
      while (head < places.length) {
        const event = take(head++)
        if (event !== undefined) {
          closeGaps()
          return event
        }
      }
      return undefined
    },
    size: () => size,
    copy: () =>
      createEventQueue(
        undefined,
        places.filter((event) => event !== undefined),
      ),
  }
}

function weigh(event: BuildEvent): number {
  return event.type === 'log' ? event.text.length + OVERHEAD : 0
}
