import { TsbuildError } from '../../base/errors.ts'
import type { Store } from '../../cache/store.ts'

/** The directory of a store. Errors with `UNSUPPORTED` for a store of another kind. */
export function rootOf({ root }: Pick<Store, 'root'>): string {
  if (root !== undefined) return root
  throw new TsbuildError('UNSUPPORTED', 'the space of a store that is not a directory is not known here')
}
