import { joinSignals } from '../base/abort-signal.ts'
import { messageOf } from '../base/errors.ts'
import { asSystemFailure } from '../base/system-failure.ts'
import type { BuildEvent } from '../executor/events.ts'
import { createWaiters } from '../executor/waiters.ts'
import type { Build, BuildOptions, BuildResult } from './build-options.ts'
import { createEventQueue, type EventQueue } from './event-queue.ts'

/** The way of a build's events to its readers: the listener and the iterations. */
export interface Progress {
  /** Never throws. A listener that throws aborts the build. */
  emit(event: BuildEvent): void
  /** Undefined if all readers keep up; else settles when they have caught up. Never rejects. */
  caughtUp(): Promise<void> | undefined
  /** Aborts with the caller's signal, when the build is cancelled, or when the listener fails. */
  readonly signal: AbortSignal
}

/** The size of the output that is kept for an iteration that has not begun. */
const KEPT_OUTPUT = 1024 * 1024
/** The size of the events from which on an iteration counts as behind. */
const BEHIND = 256 * 1024

/**
 * Starts a build, which is both a promise of its result and an iterable of its events. Each iteration gets the events
 * that are kept of the time before it, then all others. It ends with the build, and throws the error that the build
 * failed with.
 */
export function startBuild(
  { onEvent = () => undefined, signal }: Pick<BuildOptions, 'onEvent' | 'signal'>,
  run: (progress: Progress) => Promise<BuildResult>,
): Build {
  const kept = createEventQueue(KEPT_OUTPUT)
  const iterations = new Set<EventQueue>()
  const listener = callListener(onEvent)
  const readers = createWaiters()
  const emit = (event: BuildEvent): void => {
    listener.call(event)
    for (const queue of [kept, ...iterations]) queue.push(event)
    events.wake()
  }
  const events = createWaiters()
  const isBehind = (): boolean => [...iterations].some((queue) => queue.size() > BEHIND)
  const caughtUp = (): Promise<void> | undefined => {
    const ready = listener.ready()
    if (!ready && !isBehind()) return undefined
    return (async () => {
      await ready
      while (isBehind()) await readers.wait()
    })()
  }

  const cancelled = new AbortController()
  const progress = { emit, caughtUp, signal: joinSignals(signal, cancelled.signal, listener.failed) }
  let finished = false
  const result = listener.guard(run(progress)).finally(() => {
    finished = true
    events.wake()
  })
  const observed = warnIfUnobserved(result)
  let isAwaited = false
  const awaited = (): Promise<BuildResult> => {
    observed()
    isAwaited = true
    return result
  }
  return {
    [Symbol.toStringTag]: 'Build',
    // biome-ignore lint/suspicious/noThenProperty: a Build is awaited like a promise
    then: (onFulfilled, onRejected) => awaited().then(onFulfilled, onRejected),
    catch: (onRejected) => awaited().catch(onRejected),
    finally: (onFinally) => awaited().finally(onFinally),
    cancel: (reason) => cancelled.abort(reason),
    [Symbol.asyncDispose]: async () => {
      observed()
      cancelled.abort()
      await Promise.allSettled([result])
    },
    async *[Symbol.asyncIterator]() {
      observed()
      const queue = kept.copy()
      iterations.add(queue)
      try {
        for (;;) {
          const event = queue.shift()
          if (event) {
            readers.wake()
            yield event
          } else if (finished) {
            await result
            return
          } else {
            await events.wait()
          }
        }
      } finally {
        iterations.delete(queue)
        readers.wake()
        if (!finished && !isAwaited && iterations.size === 0) cancelled.abort()
      }
    },
  }
}

/**
 * Keeps a failure from counting as an unhandled rejection, since a build may be awaited long after it failed. A process
 * that ends without having called the returned function warns of the failure.
 */
function warnIfUnobserved(result: Promise<unknown>): () => void {
  let isObserved = false
  let warn = (): void => {}
  result.catch((error: unknown) => {
    if (isObserved) return
    warn = () => process.emitWarning(`a build failed that nobody awaited: ${messageOf(error)}`)
    process.once('beforeExit', warn)
  })
  return () => {
    isObserved = true
    process.off('beforeExit', warn)
  }
}

interface Listener {
  call(event: BuildEvent): void
  /** Settles when the promises have settled that the listener returned. */
  ready(): Promise<void> | undefined
  /** Aborts when the listener fails, with its error. */
  readonly failed: AbortSignal
  /** Settles as a promise does, but rejects with the error of a listener that failed. */
  guard<T>(promise: Promise<T>): Promise<T>
}

function callListener(onEvent: (event: BuildEvent) => unknown): Listener {
  const failure = new AbortController()
  const { signal } = failure
  const pending = new Set<Promise<void>>()
  const fail = (error: unknown): void => failure.abort(error)
  const call = (event: BuildEvent): void => {
    if (signal.aborted) return
    try {
      const returned = onEvent(event)
      if (!isPromise(returned)) return
      const settled = Promise.resolve(returned).then(() => {}, fail)
      pending.add(settled)
      void settled.then(() => pending.delete(settled))
    } catch (error) {
      fail(error)
    }
  }
  return {
    call,
    ready: () => (pending.size === 0 ? undefined : Promise.all(pending).then(() => undefined)),
    failed: signal,
    guard: async (promise) => {
      try {
        const result = await promise
        signal.throwIfAborted()
        return result
      } catch (error) {
        signal.throwIfAborted()
        throw asSystemFailure(error)
      }
    },
  }
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'
}
