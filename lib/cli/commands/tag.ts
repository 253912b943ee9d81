import { tagImage } from '../../index.ts'
import type { Run } from '../command.ts'
import { exitCodes } from '../exit-codes.ts'
import { withStore } from '../with-store.ts'

export const run: Run = async (args) => {
  const [source = '', target = ''] = args.positionals
  await withStore(args, (store) => tagImage(store, source, target))
  return exitCodes.ok
}
