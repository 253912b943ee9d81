// One pass over a layer's tar: verifies it, makes its index and, on request, stores the plain tar.
import { createHash } from 'node:crypto'
import { TsbuildError } from '../../base/errors.ts'
import { limitInput } from '../../base/input-limit.ts'
import type { ContentStore } from '../../oci/content.ts'
import { digestMismatch } from '../../oci/digest.ts'
import type { Digest, Layer } from '../../oci/types.ts'
import { decompress } from '../decompress/decompress.ts'
import type { LayerIndex } from '../entry.ts'
import { asBuffer } from '../paths/path-bytes.ts'
import { IndexBuilder } from './index-builder.ts'
import { encodeLayerIndex, INDEX_KIND } from './layer-index.ts'

/**
 * Reads a layer once, and records its index in the store. Errors with `LAYER_INVALID` if the layer is not a
 * tar, `ARCHIVE_UNSUPPORTED` if this program can't read it, `ARCHIVE_TOO_LARGE` if it decompresses to more than
 * the limit, `DIGEST_MISMATCH` if the blob or the tar in it has another digest, `BLOB_NOT_FOUND`.
 */
export async function scanLayer(
  store: ContentStore,
  layer: Layer,
  options: { readonly keepPlain: boolean; readonly signal?: AbortSignal | undefined },
): Promise<LayerIndex> {
  if (!layer.diffID.startsWith('sha256:')) {
    throw new TsbuildError(
      'UNSUPPORTED',
      `layer ${layer.descriptor.digest}: a diffID must be sha256, got ${layer.diffID}`,
    )
  }
  const isPlain = store.has(layer.diffID)
  const writer = options.keepPlain && !isPlain ? store.createWriter() : undefined
  try {
    const builder = new IndexBuilder()
    const hasher = createHash('sha256')
    const source = isPlain
      ? store.open({ digest: layer.diffID, size: store.size(layer.diffID) }, options.signal)
      : limitInput(decompress(store.open(layer.descriptor, options.signal)), `layer ${layer.descriptor.digest}`)
    for await (const chunk of source) {
      options.signal?.throwIfAborted()
      hasher.update(chunk)
      writer?.write(chunk)
      builder.push(asBuffer(chunk))
    }
    const index = builder.finish()
    const diffID: Digest = `sha256:${hasher.digest('hex')}`
    if (diffID !== layer.diffID) throw digestMismatch(layer.diffID, diffID)
    writer?.commit()
    store.writeDerived(INDEX_KIND, layer.diffID, encodeLayerIndex(index))
    return index
  } catch (error) {
    writer?.abort()
    throw inLayer(error, layer)
  }
}

/** Turns the error of an archive into the error of a layer. */
function inLayer(error: unknown, layer: Layer): unknown {
  if (!(error instanceof TsbuildError)) return error
  if (error.code !== 'ARCHIVE_INVALID' && error.code !== 'ARCHIVE_UNSUPPORTED') return error
  const code = error.code === 'ARCHIVE_INVALID' ? 'LAYER_INVALID' : error.code
  return error.with({ code, message: `layer ${layer.descriptor.digest}: ${error.message}` })
}
