import { removeImage } from '../../index.ts'
import type { Run } from '../command-spec.ts'
import { EXIT_CODES } from '../exit-codes.ts'
import { shortName } from '../terminal/short-names.ts'
import { printable } from '../terminal/text-width.ts'
import { withStore } from '../with-store.ts'

export const run: Run = async (args, terminal) => {
  await withStore(args, async (store) => {
    for (const name of args.positionals) {
      for (const removed of await removeImage(store, name)) {
        terminal.out.write(`removed ${printable(shortName(removed))}\n`)
      }
    }
  })
  return EXIT_CODES.ok
}
