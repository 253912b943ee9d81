import { formatSize } from '../../base/format-size.ts'
import { diskUsage } from '../../index.ts'
import type { Run } from '../command-spec.ts'
import { EXIT_CODES } from '../exit-codes.ts'
import { recordJson, recordLines, recordTable, totalsTable } from '../space/usage-lines.ts'

export const run: Run = async (args, { out }) => {
  const store = args.value('store')
  const usage = await diskUsage({ filters: args.list('filter'), ...(store !== undefined && { store }) })
  const { records } = usage
  if (args.value('format') === 'json') {
    for (const record of records) out.write(`${JSON.stringify(recordJson(record))}\n`)
    return EXIT_CODES.ok
  }
  const lines = args.on('verbose') ? records.flatMap(recordLines) : recordTable(records, out)
  const totals = [
    `Shared:       ${formatSize(usage.shared)}`,
    `Private:      ${formatSize(usage.total - usage.shared)}`,
    `Reclaimable:  ${formatSize(usage.reclaimable)}`,
    `Total:        ${formatSize(usage.total)}`,
  ]
  out.write(`${[...lines, '', ...totalsTable(records, out), '', ...totals].join('\n')}\n`)
  return EXIT_CODES.ok
}
