import { formatSize } from '../../base/format-size.ts'
import { pushImage } from '../../index.ts'
import type { Run } from '../command-spec.ts'
import { EXIT_CODES } from '../exit-codes.ts'
import { showTransfer } from '../progress/show-transfer.ts'
import { printable } from '../terminal/text-width.ts'
import { withStore } from '../with-store.ts'

export const run: Run = async (args, terminal) => {
  const [asked = '', ...targets] = args.positionals
  const names = targets.length > 0 ? targets : [asked]
  const platform = args.value('platform')
  const report = await withStore(args, (store) =>
    showTransfer(`pushing ${names.join(', ')}`, args, terminal, (transfer) =>
      pushImage(store, asked, { names, platform, ...transfer }),
    ),
  )
  const { there, mounted, uploaded } = report.blobs
  const parts = [
    `${uploaded} blobs sent (${formatSize(report.uploaded)})`,
    ...(mounted > 0 ? [`${mounted} mounted`] : []),
    ...(there > 0 ? [`${there} already there`] : []),
  ]
  for (const name of report.names) terminal.out.write(`${printable(name)} ${report.digest}\n`)
  terminal.err.write(`pushed: ${parts.join(', ')}\n`)
  return EXIT_CODES.ok
}
