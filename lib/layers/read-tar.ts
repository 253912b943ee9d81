import { TsbuildError } from '../errors.ts'
import type { Entry } from './entry.ts'
import { asBuffer } from './path-bytes.ts'
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
      const block = await source.block()
      if (block === undefined) {
        if (!decoder.complete) throw cutOff()
        return
      }
      const member = decoder.header(block, 0)
      if (member.kind === 'end') return
      let left = member.size
      const body = async function* (): AsyncGenerator<Uint8Array> {
        while (left > 0) {
          const piece = await source.some(left)
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
      while (left > 0) left -= (await source.some(left)).length
      for (let padding = paddingOf(member.size); padding > 0; ) padding -= (await source.some(padding)).length
    }
  } finally {
    await source.close()
  }
}

/** A stream of chunks as a stream of bytes. */
class ByteSource {
  readonly #iterator: AsyncIterator<Uint8Array>
  #chunk: Buffer = Buffer.alloc(0)

  constructor(stream: AsyncIterable<Uint8Array>) {
    this.#iterator = stream[Symbol.asyncIterator]()
  }

  /** Between 1 and `limit` bytes. */
  async some(limit: number): Promise<Buffer> {
    if (!(await this.#fill())) throw cutOff()
    const piece = this.#chunk.subarray(0, limit)
    this.#chunk = this.#chunk.subarray(piece.length)
    return piece
  }

  /** A whole header block; undefined at the end of the stream. */
  async block(): Promise<Buffer | undefined> {
    if (!(await this.#fill())) return undefined
    if (this.#chunk.length >= BLOCK) return this.some(BLOCK)
    const parts: Buffer[] = []
    for (let left = BLOCK; left > 0; ) {
      const piece = Buffer.from(await this.some(left))
      parts.push(piece)
      left -= piece.length
    }
    return Buffer.concat(parts)
  }

  async close(): Promise<void> {
    await this.#iterator.return?.()
  }

  /** Whether there is a byte. */
  async #fill(): Promise<boolean> {
    while (this.#chunk.length === 0) {
      const step = await this.#iterator.next()
      if (step.done) return false
      this.#chunk = asBuffer(step.value)
    }
    return true
  }
}

function cutOff(): TsbuildError {
  return new TsbuildError('ARCHIVE_INVALID', 'invalid tar: it is cut off')
}
