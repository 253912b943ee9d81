import { loadImages } from '../../index.ts'
import { UsageError } from '../arguments/usage-error.ts'
import type { Run } from '../command-spec.ts'
import { EXIT_CODES } from '../exit-codes.ts'
import { interruptible } from '../terminal/interrupts.ts'
import { shortName } from '../terminal/short-names.ts'
import { printable } from '../terminal/text-width.ts'
import { withStore } from '../with-store.ts'

export const run: Run = async (args, terminal) => {
  const path = args.value('input') ?? '-'
  if (path === '-' && terminal.stdin.isTTY) {
    throw new UsageError('OPTION_INVALID', '-i FILE is missing', {
      hint: 'name an archive with -i FILE, or send it on standard input',
    })
  }
  const source = path === '-' ? terminal.stdin.bytes() : path
  const loaded = await withStore(args, (store) => interruptible((signal) => loadImages(store, source, { signal })))
  for (const image of loaded) {
    const names = image.names.map(shortName).join(', ') || image.descriptor.digest
    terminal.out.write(`loaded ${printable(names)}\n`)
  }
  return EXIT_CODES.ok
}
