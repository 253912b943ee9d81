import { inspectRemote } from '../../index.ts'
import { UsageError } from '../arguments/usage-error.ts'
import type { Run } from '../command-spec.ts'
import { EXIT_CODES } from '../exit-codes.ts'
import { imageLines } from '../imagetools/image-lines.ts'
import { fillTemplate, isWholeManifest, parseTemplate } from '../imagetools/template.ts'
import { templateData } from '../imagetools/template-data.ts'
import { interruptible } from '../terminal/interrupts.ts'

export const run: Run = async (args, { out }) => {
  const [name = ''] = args.positionals
  const format = args.value('format')
  const raw = args.on('raw')
  if (raw && format !== undefined) throw new UsageError('OPTION_INVALID', '--raw and --format cannot be combined')
  const template = format === undefined || isWholeManifest(format) ? undefined : parseTemplate(format)
  const configs = template?.some((part) => part.kind === 'action' && part.needsImages) ?? false
  const image = await interruptible((signal) => inspectRemote(name, { signal, configs }))
  // Without a final newline, so that the output has the digest of the manifest.
  if (raw) out.write(Buffer.from(image.bytes).toString())
  else if (template) out.write(`${fillTemplate(template, templateData(name, image))}\n`)
  else out.write(`${imageLines(image).join('\n')}\n`)
  return EXIT_CODES.ok
}
