import { removeImage } from '../../index.ts'
import type { Run } from '../command-spec.ts'
import { EXIT_CODES } from '../exit-codes.ts'
import { shortName } from '../terminal/short-names.ts'
import { printable } from '../terminal/text-width.ts'
import { withStore } from '../with-store.ts'

export const run: Run = async (args, { out }) => {
  const options = { force: args.on('force'), noPrune: args.on('no-prune') }
  await withStore(args, async (store) => {
    for (const name of args.positionals) {
      const { names, deleted } = await removeImage(store, name, options)
      for (const removed of names) out.write(`Untagged: ${printable(shortName(removed))}\n`)
      for (const digest of deleted) out.write(`Deleted: ${digest}\n`)
    }
  })
  return EXIT_CODES.ok
}
