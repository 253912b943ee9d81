import { listTags } from '../../index.ts'
import type { Run } from '../command-spec.ts'
import { EXIT_CODES } from '../exit-codes.ts'
import { interruptible } from '../terminal/interrupts.ts'
import { printable } from '../terminal/text-width.ts'

export const run: Run = async (args, { out }) => {
  const [name = ''] = args.positionals
  const tags = await interruptible((signal) => listTags(name, { signal }))
  out.write(tags.map((tag) => `${printable(tag)}\n`).join(''))
  return EXIT_CODES.ok
}
