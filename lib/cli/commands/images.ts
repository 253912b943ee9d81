import { formatSize } from '../../base/format-size.ts'
import { listImages } from '../../index.ts'
import { UsageError } from '../arguments/usage-error.ts'
import type { Run } from '../command-spec.ts'
import { EXIT_CODES } from '../exit-codes.ts'
import { formatAge } from '../terminal/format-quantity.ts'
import { shortDigest } from '../terminal/short-names.ts'
import { tableLines } from '../terminal/table.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { printable } from '../terminal/text-width.ts'
import { withStore } from '../with-store.ts'

type Images = Awaited<ReturnType<typeof listImages>>

export const run: Run = async (args, terminal) => {
  const dangling = danglingFilter(args.list('filter'))
  const all = await withStore(args, (store) => listImages(store, { all: dangling ?? args.on('all') }))
  const images = dangling ? all.filter(({ name }) => name === NO_NAME) : all
  const shown = args.on('no-trunc') ? (digest: string) => digest : shortDigest
  if (args.on('json')) terminal.out.write(`${JSON.stringify(images.map(toJson), undefined, 2)}\n`)
  else if (args.on('quiet'))
    terminal.out.write(
      imageIDs(images)
        .map((id) => `${shown(id)}\n`)
        .join(''),
    )
  else showTable(images, shown, terminal)
  return EXIT_CODES.ok
}

const NO_NAME = '<none>'

/** The value of the filter `dangling`, the only one there is. */
function danglingFilter(filters: readonly string[]): boolean | undefined {
  let dangling: boolean | undefined
  for (const filter of filters) {
    const value = /^dangling=(true|false|1|0)$/.exec(filter)?.[1]
    if (value === undefined) {
      const message = `the filter ${JSON.stringify(filter)} is not supported`
      throw new UsageError('OPTION_INVALID', message, { hint: 'there are dangling=true and dangling=false' })
    }
    dangling = value === 'true' || value === '1'
  }
  return dangling
}

const imageIDs = (images: Images): string[] => [...new Set(images.flatMap(({ details }) => details?.imageID ?? []))]

function showTable(images: Images, shown: (digest: string) => string, { out, err }: Terminal): void {
  const now = new Date()
  const rows = images.map(({ shortName, digest, details }) => [
    printable(shortName),
    details ? shown(details.imageID) : '?',
    shown(digest),
    details?.platforms?.join(', ') ?? details?.platform ?? '?',
    details?.created === undefined ? '' : formatAge(new Date(details.created), now),
    details ? formatSize(details.size) : '?',
  ])
  const header = ['NAME', 'IMAGE ID', 'DIGEST', 'PLATFORM', 'CREATED', 'SIZE']
  out.write(`${tableLines(header, rows, { color: out.color }).join('\n')}\n`)
  for (const { shortName, problem } of images) {
    if (problem) err.write(`warning: ${printable(`${shortName}: ${problem.message}`)} [${problem.code}]\n`)
  }
}

function toJson({ name, digest, details, problem }: Images[number]): unknown {
  return { name, digest, ...details, ...(problem && { problem: { code: problem.code, message: problem.message } }) }
}
