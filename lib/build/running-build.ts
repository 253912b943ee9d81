import type { BuildEvent } from '../executor/events.ts'
import type { Build, BuildResult } from './build-options.ts'

/**
 * Starts a build, which is both a promise of its result and an iterable of its events. Events are kept, so an
 * iteration that starts late sees all of them. The iteration ends with the build, and throws the error that the
 * build failed with.
 */
export function startBuild(run: (emit: (event: BuildEvent) => void) => Promise<BuildResult>): Build {
  const events: BuildEvent[] = []
  let wake: (() => void) | undefined
  const emit = (event: BuildEvent): void => {
    events.push(event)
    wake?.()
  }
  let finished = false
  const result = run(emit).finally(() => {
    finished = true
    wake?.()
  })
  return {
    // biome-ignore lint/suspicious/noThenProperty: a Build is awaited like a promise
    then: (onFulfilled, onRejected) => result.then(onFulfilled, onRejected),
    catch: (onRejected) => result.catch(onRejected),
    finally: (onFinally) => result.finally(onFinally),
    async *[Symbol.asyncIterator]() {
      // The iteration throws a failure at its end. Until then the rejection must not count as unhandled.
      result.catch(() => {})
      for (let next = 0; ; ) {
        const event = events[next]
        if (event) {
          next++
          yield event
        } else if (finished) {
          await result
          return
        } else {
          await new Promise<void>((resolve) => {
            wake = resolve
          })
        }
      }
    },
  }
}
