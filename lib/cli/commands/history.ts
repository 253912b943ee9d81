import { formatSize } from '../../base/format-size.ts'
import { historyOf, resolveStored } from '../../index.ts'
import type { Run } from '../command-spec.ts'
import { EXIT_CODES } from '../exit-codes.ts'
import { formatAge } from '../terminal/format-quantity.ts'
import { shortDigest } from '../terminal/short-names.ts'
import { tableLines } from '../terminal/table.ts'
import { printable, truncate } from '../terminal/text-width.ts'
import { withStore } from '../with-store.ts'

const COMMAND_WIDTH = 60

export const run: Run = async (args, terminal) => {
  const [name = ''] = args.positionals
  const { image } = await withStore(args, (store) => resolveStored(store, name))
  const entries = historyOf(image)
  if (args.on('json')) {
    terminal.out.write(`${JSON.stringify(entries, undefined, 2)}\n`)
    return EXIT_CODES.ok
  }
  const whole = args.on('no-trunc')
  const now = new Date()
  const rows = entries.map(({ created, createdBy, layer }) => [
    layer ? (whole ? layer.digest : shortDigest(layer.digest)) : '',
    created === undefined ? '' : formatAge(new Date(created), now),
    layer ? formatSize(layer.size) : '',
    whole ? printable(createdBy) : shorten(createdBy),
  ])
  const header = ['LAYER', 'CREATED', 'SIZE', 'CREATED BY']
  terminal.out.write(`${tableLines(header, rows, { color: terminal.out.color }).join('\n')}\n`)
  return EXIT_CODES.ok
}

/** The command on one line, without the comment that BuildKit appends to every instruction. */
const shorten = (command: string): string =>
  truncate(printable(command.replace(/\s+/g, ' ').replace(/ # buildkit$/, '')), COMMAND_WIDTH)
