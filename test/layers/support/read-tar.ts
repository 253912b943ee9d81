// A tar's members in a list, for tests that look at all of them.
import type { Entry } from '../../../lib/layers/entry.ts'
import { asBuffer } from '../../../lib/layers/paths/path-bytes.ts'
import { SparseExpander } from '../../../lib/layers/tar/sparse-map.ts'
import { TarParser } from '../../../lib/layers/tar/tar-parser.ts'

export interface TarMember {
  readonly entry: Entry
  /** The file's bytes, those of holes included. */
  readonly body: Iterable<Buffer>
}

/** The members of a plain tar stream, in order. Errors as {@link TarParser} does, after the members before. */
export async function* readTar(
  stream: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): AsyncGenerator<TarMember, void, undefined> {
  const members: { entry: Entry; body: Buffer[]; expander: SparseExpander | undefined }[] = []
  const parser = new TarParser({
    entry: (entry, _offset, sparse) => {
      const body: Buffer[] = []
      const expander = sparse && new SparseExpander(entry.size, sparse, (bytes) => void body.push(Buffer.from(bytes)))
      members.push({ entry, body, expander })
    },
    data: (bytes) => {
      const last = members.at(-1)
      if (last?.expander) last.expander.push(bytes)
      else last?.body.push(Buffer.from(bytes))
    },
  })
  let failure: { readonly error: unknown } | undefined
  try {
    for await (const chunk of stream) parser.push(asBuffer(chunk))
    parser.finish()
  } catch (error) {
    failure = { error }
  }
  for (const { entry, body, expander } of members) {
    expander?.finish()
    yield { entry, body }
  }
  if (failure) throw failure.error
}
