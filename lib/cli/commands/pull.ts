import { formatSize } from '../../base/format-size.ts'
import { pullImage } from '../../index.ts'
import type { Run } from '../command-spec.ts'
import { EXIT_CODES } from '../exit-codes.ts'
import { showTransfer } from '../progress/show-transfer.ts'
import { shortName } from '../terminal/short-names.ts'
import { printable } from '../terminal/text-width.ts'
import { defaultPlatforms } from '../variables.ts'
import { withStore } from '../with-store.ts'

export const run: Run = async (args, terminal) => {
  const platform = args.value('platform') ?? defaultPlatforms(terminal.env)[0]
  await withStore(args, async (store) => {
    for (const asked of args.positionals) {
      const pulled = await showTransfer(`pulling ${asked}`, args, terminal, (transfer) =>
        pullImage(store, asked, { platform, ...transfer }),
      )
      const { name, descriptor, fetched, changed } = pulled
      const news = changed ? `${formatSize(fetched)} fetched` : 'up to date'
      terminal.out.write(`${printable(shortName(name))} ${descriptor.digest} (${news})\n`)
    }
  })
  return EXIT_CODES.ok
}
