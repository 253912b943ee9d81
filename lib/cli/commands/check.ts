import { count } from '../../base/count.ts'
import { checkStore } from '../../index.ts'
import type { Run } from '../command-spec.ts'
import { EXIT_CODES } from '../exit-codes.ts'
import { interruptible } from '../terminal/interrupts.ts'
import { shortName } from '../terminal/short-names.ts'
import { printable } from '../terminal/text-width.ts'

export const run: Run = async (args, { out, err }) => {
  const store = args.value('store')
  const { blobs, removed, problems } = await interruptible((signal) =>
    checkStore({ signal, ...(store !== undefined && { store }) }),
  )
  for (const { path, reason } of removed) out.write(`removed ${path}: ${reason}\n`)
  for (const { name, message } of problems) err.write(`error: ${printable(`${shortName(name)}: ${message}`)}\n`)
  if (problems.length > 0) err.write('hint: pull or build these images again\n')
  const files = removed.length === 0 ? 'nothing was damaged' : `removed ${count(removed.length, 'damaged file')}`
  out.write(`read ${count(blobs, 'blob')}, ${files}\n`)
  return problems.length === 0 ? EXIT_CODES.ok : EXIT_CODES.failed
}
