import { readFileSync, statSync } from 'node:fs'
import { count } from '../../base/count.ts'
import { messageOf } from '../../base/errors.ts'
import { formatSize } from '../../base/format-size.ts'
import { MANIFEST_LIMIT } from '../../base/input-limit.ts'
import { type CreatedIndex, createIndex, formatPlatform, type IndexAnnotation, TsbuildError } from '../../index.ts'
import { parseIndexAnnotation } from '../../internal/index.ts'
import { asUsageError } from '../arguments/as-usage-error.ts'
import { UsageError } from '../arguments/usage-error.ts'
import type { Args, Run } from '../command-spec.ts'
import { EXIT_CODES } from '../exit-codes.ts'
import { writeMetadata } from '../metadata-file.ts'
import { showTransfer, type Transfer } from '../progress/show-transfer.ts'
import { shortDigest } from '../terminal/short-names.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { printable } from '../terminal/text-width.ts'

export const run: Run = async (args, terminal) => {
  const names = args.list('tag')
  const dryRun = args.on('dry-run')
  const sources = [...args.list('file').map(readSource), ...args.positionals]
  if (sources.length === 0)
    throw new UsageError('OPTION_INVALID', 'SOURCE is missing', { hint: 'name the images for the index' })
  if (names.length === 0 && !dryRun) {
    throw new UsageError('OPTION_INVALID', 'the index has no name to be pushed under', {
      hint: 'name it with -t NAME:TAG, or print it with --dry-run',
    })
  }
  const options = {
    names,
    dryRun,
    append: args.on('append'),
    annotations: readAnnotations(args),
    platforms: args.list('platform').flatMap((text) => text.split(',')),
    preferIndex: args.value('prefer-index') !== 'false',
  }
  const create = (transfer: Partial<Transfer>): Promise<CreatedIndex> =>
    createIndex(sources, { ...options, ...transfer })
  if (dryRun) {
    const { bytes } = await create({})
    terminal.out.write(`${Buffer.from(bytes).toString()}\n`)
    return EXIT_CODES.ok
  }
  const created = await showTransfer(`creating ${names.join(', ')}`, args, terminal, create)
  const file = args.value('metadata-file')
  if (file !== undefined) writeMetadata(file, metadata(created))
  showResult(created, args, terminal)
  return EXIT_CODES.ok
}

function readSource(path: string): string {
  try {
    if (statSync(path).size > MANIFEST_LIMIT) throw new Error(`it has more than ${MANIFEST_LIMIT} bytes`)
    return readFileSync(path, 'utf8')
  } catch (cause) {
    const reason = messageOf(cause)
    throw new TsbuildError('OPTION_INVALID', `can't read ${JSON.stringify(path)}: ${reason}`, { cause })
  }
}

function readAnnotations(args: Args): readonly IndexAnnotation[] {
  try {
    return args.list('annotation').flatMap(parseIndexAnnotation)
  } catch (error) {
    throw asUsageError(error)
  }
}

/** The keys that docker buildx writes. */
function metadata({ descriptor, repositories }: CreatedIndex): Record<string, unknown> {
  return { 'containerimage.descriptor': descriptor, 'image.name': repositories.join(',') }
}

function showResult(
  { names, descriptor, replaced, blobs, uploaded }: CreatedIndex,
  args: Args,
  { out, err }: Terminal,
): void {
  for (const name of names) out.write(`${printable(name)} ${descriptor.digest}\n`)
  if (/^(none|quiet|rawjson)$/.test(args.value('progress') ?? '')) return
  for (const { platform, from, to } of replaced) {
    err.write(`replaced: ${printable(formatPlatform(platform))} ${shortDigest(from)} by ${shortDigest(to)}\n`)
  }
  const copied = [
    ...(blobs.uploaded > 0 ? [`${count(blobs.uploaded, 'blob')} sent (${formatSize(uploaded)})`] : []),
    ...(blobs.mounted > 0 ? [`${blobs.mounted} mounted`] : []),
    ...(blobs.there > 0 ? [`${blobs.there} already there`] : []),
  ]
  if (copied.length > 0) err.write(`copied: ${copied.join(', ')}\n`)
}
