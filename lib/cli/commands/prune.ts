import { formatSize } from '../../base/format-size.ts'
import { prune } from '../../index.ts'
import { parseBytes } from '../../internal/index.ts'
import { asUsageError } from '../arguments/as-usage-error.ts'
import type { Args, Run } from '../command-spec.ts'
import { EXIT_CODES } from '../exit-codes.ts'
import { confirm } from '../space/confirm.ts'
import { recordLines, recordTable } from '../space/usage-lines.ts'

const WARNING = 'This will remove all build cache that no named image needs.'
const WARNING_ALL = 'This will remove all build cache, and what named images can do without.'

export const run: Run = async (args, terminal) => {
  const { out } = terminal
  const store = args.value('store')
  const reservedSpace = sizeOf(args, 'reserved-space') ?? sizeOf(args, 'keep-storage')
  const options = {
    all: args.on('all'),
    filters: args.list('filter'),
    maxUsedSpace: sizeOf(args, 'max-used-space'),
    minFreeSpace: sizeOf(args, 'min-free-space'),
    reservedSpace,
    ...(store !== undefined && { store }),
  }
  if (!args.on('force') && !(await confirm(args.on('all') ? WARNING_ALL : WARNING, terminal))) return EXIT_CODES.ok
  const { removed, reclaimed } = await prune(options)
  if (removed.length > 0) {
    const lines = args.on('verbose') ? removed.flatMap(recordLines) : [...recordTable(removed, out), '']
    out.write(`${lines.join('\n')}\n`)
  }
  out.write(`Total reclaimed space: ${formatSize(reclaimed)}\n`)
  return EXIT_CODES.ok
}

function sizeOf(args: Args, flag: string): number | undefined {
  const text = args.value(flag)
  try {
    return text === undefined ? undefined : parseBytes(flag, text)
  } catch (error) {
    throw asUsageError(error)
  }
}
