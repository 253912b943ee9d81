/** Operations that wait until something happens. */
export interface Waiters {
  /** Settles at the next wake(). */
  wait(): Promise<void>
  wake(): void
}

export function createWaiters(): Waiters {
  let waiting: (() => void)[] = []
  return {
    wait: () =>
      new Promise((resolve) => {
        waiting.push(resolve)
      }),
    wake: () => {
      const all = waiting
      waiting = []
      for (const resolve of all) resolve()
    },
  }
}
