// Ownership where nothing records it: old files keep their owners, new files belong to the user of the step.
import type { OwnershipMethod } from './ownership-method.ts'

/** The last resort: a step warns about it, and `--strict-ownership` refuses it. */
export function createAssumedOwnership(): OwnershipMethod {
  return {
    kind: 'assumed',
    warning: 'owners that this step sets with chown or useradd are not recorded: new files belong to its user',
    unknown: 'before',
    wrap: async (command) => command,
    read: async () => ({ find: () => undefined, asked: false }),
  }
}
