import type { Store } from '../../cache/store.ts'
import { nameImage } from '../../images/name-image.ts'
import type { ImageSet } from '../../oci/write-index.ts'
import type { BuildOptions, ExportedOutput } from '../build-options.ts'
import { onlyPushed } from './deliver-outputs.ts'

export interface KeptResult {
  /** Full names that the store has for the result now. */
  readonly names: readonly string[]
  /** The store, if it counts as an output. */
  readonly outputs: readonly ExportedOutput[]
}

/**
 * Names the result in the store. A build that is only pushed keeps no names: layers of its base may be in the
 * registry alone, and no name should lead to half an image. Without names and without outputs, the store is the
 * output.
 */
export async function keepInStore(
  options: BuildOptions,
  result: {
    readonly result: ImageSet
    readonly names: readonly string[]
    readonly outputs: readonly ExportedOutput[]
  },
  store: Store,
): Promise<KeptResult> {
  if (onlyPushed(options)) return { names: [], outputs: [] }
  const { names, outputs } = result
  await nameImage(store, result.result.descriptor, names)
  if (names.length > 0) return { names, outputs: [{ type: 'store', destination: names.join(', ') }] }
  return { names, outputs: outputs.length > 0 ? [] : [{ type: 'store', destination: store.root ?? '' }] }
}
