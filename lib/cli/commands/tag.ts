import { tagImage } from '../../index.ts'
import type { Run } from '../command-spec.ts'
import { EXIT_CODES } from '../exit-codes.ts'
import { withStore } from '../with-store.ts'

export const run: Run = async (args) => {
  const [source = '', target = ''] = args.positionals
  await withStore(args, (store) => tagImage(store, source, target))
  return EXIT_CODES.ok
}
