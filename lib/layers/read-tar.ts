import { TsbuildError } from '../errors.ts'
import { ByteSource } from './byte-source.ts'
import type { Entry } from './entry.ts'
import { BLOCK, paddingOf } from './tar-format.ts'
import { MemberDecoder } from './tar-members.ts'

/** An entry of an archive that is being read. */
export interface TarMember {
  readonly entry: Entry
  /** The entry's bytes: read now, once, or skipped. Chunks may be a view of the stream's. */
  readonly body: AsyncIterable<Uint8Array>
}

/**
 * The entries of a plain tar stream, in order: for archives of few, large files, such as saved images. What is not read of an
 * entry's body is skipped when the next entry is asked for. Use decompress() before, if it may be compressed. Errors with
 * `ARCHIVE_INVALID` and `ARCHIVE_UNSUPPORTED`; errors of the stream come through.
 */
export async function* readTar(stream: AsyncIterable<Uint8Array>): AsyncGenerator<TarMember, void, undefined> {
  const source = new ByteSource(stream)
  try {
    const decoder = new MemberDecoder()
    for (;;) {
      const block = await source.upTo(BLOCK)
      if (block.length < BLOCK) {
        if (block.length > 0 || !decoder.complete) throw cutOff()
        return
      }
      const member = decoder.header(block, 0)
      if (member.kind === 'end') return
      let left = member.size
      const body = async function* (): AsyncGenerator<Uint8Array> {
        while (left > 0) {
          const piece = await someOf(source, left)
          left -= piece.length
          yield piece
        }
      }
      if (member.kind === 'extension') {
        const parts: Uint8Array[] = []
        for await (const piece of body()) parts.push(piece)
        if (member.size > 0) decoder.extend(Buffer.concat(parts))
      } else if (member.kind === 'entry') {
        yield { entry: member.entry, body: body() }
      }
      while (left > 0) left -= (await someOf(source, left)).length
      for (let padding = paddingOf(member.size); padding > 0; ) padding -= (await someOf(source, padding)).length
    }
  } finally {
    await source.close()
  }
}

async function someOf(source: ByteSource, limit: number): Promise<Buffer> {
  const piece = await source.some(limit)
  if (piece === undefined) throw cutOff()
  return piece
}

function cutOff(): TsbuildError {
  return new TsbuildError('ARCHIVE_INVALID', 'invalid tar: it is cut off')
}
