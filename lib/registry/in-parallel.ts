/**
 * Runs an action for each item, at most `limit` at once. Returns the results in the order of the items. After a
 * failure no further action starts, running actions are aborted through their signal and awaited, and the first
 * failure is thrown.
 */
export async function inParallel<T, R>(
  items: readonly T[],
  limit: number,
  signal: AbortSignal | undefined,
  action: (item: T, signal: AbortSignal) => Promise<R>,
): Promise<readonly R[]> {
  const stop = new AbortController()
  const both = signal ? AbortSignal.any([signal, stop.signal]) : stop.signal
  const results: R[] = []
  const failures: unknown[] = []
  let next = 0
  const work = async (): Promise<void> => {
    while (next < items.length && !both.aborted) {
      const at = next++
      const item = items[at] as T
      try {
        results[at] = await action(item, both)
      } catch (error) {
        failures.push(error)
        stop.abort()
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, work))
  signal?.throwIfAborted()
  if (failures.length > 0) throw failures[0]
  return results
}
