import { hash } from 'node:crypto'
import { TsbuildError } from '../base/errors.ts'
import type { ContentStore, UnhashedReader } from '../oci/content.ts'
import type { Layer } from '../oci/types.ts'
import { decompress } from './decompress/decompress.ts'
import type { SourceEntry } from './entry.ts'
import { expandBytes, storedSize } from './tar/sparse-map.ts'

/** A part of a layer's plain tar. */
interface Wanted {
  readonly path: string
  readonly offset: number
  readonly size: number
  readonly sha256: string | undefined
  /** The bytes of the file that the tar holds. */
  readonly bytes: Buffer
  /** Makes the whole file from the stored bytes. */
  readonly expand: (bytes: Buffer) => Buffer
}

/**
 * The contents of some files of a layer, by their offsets in its plain tar. The layer is decompressed up to the
 * last of them and no further, and nothing is stored: for a few small files early in a large layer. Each file
 * is verified by the digest in the layer's index. Errors with `LAYER_INVALID`, `ARCHIVE_UNSUPPORTED` and
 * `BLOB_NOT_FOUND`.
 */
export async function readLayerFiles(
  store: Pick<ContentStore, 'open'> & Partial<UnhashedReader>,
  layer: Layer,
  entries: readonly SourceEntry[],
  signal?: AbortSignal,
): Promise<ReadonlyMap<number, Uint8Array>> {
  const wanted = new Map<number, Wanted>()
  for (const { path, size, sha256, content } of entries) {
    if (content?.kind !== 'range') continue
    const { offset, sparse } = content
    const stored = storedSize(size, sparse)
    const expand = (bytes: Buffer): Buffer => expandBytes(bytes, size, sparse)
    wanted.set(offset, { path, offset, size: stored, sha256, bytes: Buffer.alloc(stored), expand })
  }
  const files = [...wanted.values()].sort((a, b) => a.offset - b.offset)
  const { descriptor } = layer
  const blob = store.openUnhashed?.(descriptor, signal) ?? store.open(descriptor, signal)
  const { next } = await fill(files, decompress(blob), signal)
  const contents = files.map(({ bytes, expand }) => expand(bytes))
  const bad = files.find(({ sha256 }, at) => at >= next || hash('sha256', contents[at] ?? '', 'hex') !== sha256)
  if (bad) {
    throw new TsbuildError(
      'LAYER_INVALID',
      `layer ${descriptor.digest}: ${JSON.stringify(bad.path)} does not match its digest`,
      {
        hint: 'the blob in the store is damaged: remove it, and build again to fetch it',
      },
    )
  }
  return new Map(files.map(({ offset, bytes }, at) => [offset, contents[at] ?? bytes]))
}

/** Copies the bytes of the files out of a tar. `next` is the first file that is not complete. */
async function fill(
  files: readonly Wanted[],
  plain: AsyncIterable<Buffer>,
  signal: AbortSignal | undefined,
): Promise<{ readonly next: number }> {
  let next = 0
  let position = 0
  const skip = (): void => {
    const isComplete = ({ offset, size }: Wanted): boolean => size === 0 || offset + size <= position
    for (let file = files[next]; file && isComplete(file); file = files[++next]);
  }
  skip()
  if (next === files.length) return { next }
  for await (const chunk of plain) {
    signal?.throwIfAborted()
    for (let at = next; at < files.length; at++) {
      const file = files[at] as Wanted
      if (file.offset >= position + chunk.length) break
      const from = Math.max(0, file.offset - position)
      const to = Math.min(chunk.length, file.offset + file.size - position)
      if (from < to) chunk.copy(file.bytes, position + from - file.offset, from, to)
    }
    position += chunk.length
    skip()
    if (next === files.length) break
  }
  return { next }
}
