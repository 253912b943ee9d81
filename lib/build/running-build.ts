import type { BuildEvent } from '../executor/events.ts'
import type { Build, BuildResult } from './build-options.ts'

/**
 * Starts a build and gives it two faces: a promise of its result, and its events. Events are kept, so iteration may start late and
 * sees all of them; it ends with the build, and throws what the build failed with.
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
      // A failure is thrown at the end of the iteration; until then it must not count as unhandled.
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
