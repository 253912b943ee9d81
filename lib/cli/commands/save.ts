import { count } from '../../base/count.ts'
import { formatSize } from '../../base/format-size.ts'
import { saveImages } from '../../index.ts'
import { UsageError } from '../arguments/usage-error.ts'
import type { Run } from '../command-spec.ts'
import { EXIT_CODES } from '../exit-codes.ts'
import { interruptible } from '../terminal/interrupts.ts'
import { printable } from '../terminal/text-width.ts'
import { withStore } from '../with-store.ts'

export const run: Run = async (args, terminal) => {
  const dest = args.value('output') ?? ''
  if (dest === '')
    throw new UsageError('OPTION_INVALID', '-o FILE is missing', {
      hint: 'name a file with -o FILE, or write to standard output with -o -',
    })
  if (dest === '-' && terminal.out.isTTY) {
    const hint = 'redirect standard output, or write to a file with -o FILE'
    throw new UsageError('OPTION_INVALID', 'standard output is a terminal: the archive is not written there', { hint })
  }
  const format = args.value('format') === 'oci' ? 'oci' : 'docker'
  const names = args.positionals
  const size = await withStore(args, (store) =>
    interruptible((signal) => saveImages(store, names, { dest, format, signal })),
  )
  const target = dest === '-' ? '' : ` to ${printable(dest)}`
  terminal.err.write(`saved ${count(names.length, 'image')}${target} (${format}, ${formatSize(size)})\n`)
  return EXIT_CODES.ok
}
