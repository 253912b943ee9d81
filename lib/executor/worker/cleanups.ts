/** Actions that undo earlier ones, run in reverse order. */
export interface Cleanups {
  add(action: () => void | Promise<void>): void
  /** Runs every action, even when one fails; then throws the first failure. Idempotent. */
  run(): Promise<void>
}

export function createCleanups(): Cleanups {
  const actions: (() => void | Promise<void>)[] = []
  return {
    add: (action) => {
      actions.push(action)
    },
    run: async () => {
      const failures: unknown[] = []
      for (let action = actions.pop(); action; action = actions.pop()) {
        try {
          await action()
        } catch (error) {
          failures.push(error)
        }
      }
      if (failures.length > 0) throw failures[0]
    },
  }
}
