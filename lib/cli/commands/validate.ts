import { count } from '../../base/count.ts'
import { formatSize } from '../../base/format-size.ts'
import { resolveStored, validateImage } from '../../index.ts'
import type { Run } from '../command-spec.ts'
import { EXIT_CODES } from '../exit-codes.ts'
import { interruptible } from '../terminal/interrupts.ts'
import { printable } from '../terminal/text-width.ts'
import { withStore } from '../with-store.ts'

export const run: Run = async (args, { out, err }) => {
  const reports = await withStore(args, (store) =>
    interruptible(async (signal) => {
      const all = []
      for (const name of args.positionals) {
        const { descriptor } = await resolveStored(store, name)
        all.push({ name, report: await validateImage(store, descriptor, { signal, skipMissing: true }) })
      }
      return all
    }),
  )
  for (const { name, report } of reports) {
    const read = `${count(report.blobs, 'blob')}, ${formatSize(report.bytes)}`
    for (const { code, digest, message } of report.problems)
      err.write(`error: ${printable(message)} [${code}]\n  in ${digest}\n`)
    for (const { code, digest, message } of report.unchecked)
      err.write(`warning: ${printable(message)} [${code}]\n  in ${digest}\n`)
    out.write(
      `${printable(name)}: ${report.valid ? 'valid' : report.problems.length > 0 ? 'invalid' : 'not all checked'} (${read})\n`,
    )
  }
  return reports.every(({ report }) => report.valid) ? EXIT_CODES.ok : EXIT_CODES.failed
}
