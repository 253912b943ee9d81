import { formatSize } from '../../base/format-size.ts'
import { listReferrers } from '../../index.ts'
import type { Run } from '../command-spec.ts'
import { EXIT_CODES } from '../exit-codes.ts'
import { interruptible } from '../terminal/interrupts.ts'
import { tableLines } from '../terminal/table.ts'
import { printable } from '../terminal/text-width.ts'

export const run: Run = async (args, { out, err }) => {
  const [name = ''] = args.positionals
  const artifactType = args.value('artifact-type')
  const found = await interruptible((signal) => listReferrers(name, { signal, artifactType }))
  if (args.on('json')) {
    out.write(`${JSON.stringify(found, undefined, 2)}\n`)
    return EXIT_CODES.ok
  }
  if (found.manifests.length === 0) {
    const what = artifactType === undefined ? '' : ` with type ${JSON.stringify(artifactType)}`
    err.write(`nothing${printable(what)} refers to ${found.subject}\n`)
    return EXIT_CODES.ok
  }
  const rows = found.manifests.map(({ digest, artifactType: type, size }) => [
    digest,
    printable(type ?? ''),
    formatSize(size),
  ])
  out.write(`${tableLines(['DIGEST', 'ARTIFACT TYPE', 'SIZE'], rows, { color: out.color }).join('\n')}\n`)
  return EXIT_CODES.ok
}
