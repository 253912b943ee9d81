// Ownership where nothing records it: old files keep their owners, new files belong to the user of the step.
import type { OwnershipMethod } from './ownership-method.ts'

/** The last resort: every step is warned about, and `--strict-ownership` refuses it. */
export function createAssumedOwnership(): OwnershipMethod {
  return {
    kind: 'assumed',
    unknown: 'before',
    wrap: async (command) => command,
    read: async () => ({ empty: true, find: () => undefined }),
  }
}
