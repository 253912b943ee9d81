// Ownership where nothing records it: what was there keeps its owner, what is new belongs to the user of the step.
import type { OwnershipMethod } from './ownership-method.ts'

/** The last resort, which a step has to warn about, and which `--strict-ownership` refuses. */
export function createAssumedOwnership(): OwnershipMethod {
  return {
    kind: 'assumed',
    warning: 'owners that this step sets with chown or useradd are not recorded: new files belong to its user',
    unknown: 'before',
    wrap: async (command) => command,
    read: async () => ({ find: () => undefined, asked: false }),
  }
}
