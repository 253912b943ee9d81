import { resolveStored } from '../../index.ts'
import type { Run } from '../command-spec.ts'
import { EXIT_CODES } from '../exit-codes.ts'
import { withStore } from '../with-store.ts'

export const run: Run = async (args, terminal) => {
  const [asked = ''] = args.positionals
  const { name, descriptor, image } = await withStore(args, (store) => resolveStored(store, asked))
  const { manifest, config } = image
  // For an index, `descriptor` is that of the chosen image, and the index is listed beside it.
  const index = descriptor.digest === image.descriptor.digest ? undefined : descriptor
  const shown = { name, index, descriptor: image.descriptor, manifest, config }
  terminal.out.write(`${JSON.stringify(shown, undefined, 2)}\n`)
  return EXIT_CODES.ok
}
