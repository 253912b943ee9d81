import { TsbuildError } from '../../base/errors.ts'
import type { Entry } from '../entry.ts'
import type { SparseMap } from './sparse-map.ts'
import { BLOCK, paddingOf } from './tar-format.ts'
import { type Member, MemberDecoder } from './tar-members.ts'

/** Receives the members that a {@link TarParser} finds, in order. Buffers are valid during the call only. */
export interface TarHandler {
  /** `offset` is where the entry's content starts in the archive; `sparse` is the map of a file with holes. */
  entry(entry: Entry, offset: number, sparse: SparseMap | undefined): void
  /** A piece of the stored content of the last entry; never empty. */
  data(bytes: Buffer): void
}

/** A push parser for tar archives: constant memory, no streams. Errors as {@link MemberDecoder} does. */
export class TarParser {
  readonly #handler: TarHandler
  readonly #decoder = new MemberDecoder()
  readonly #partial: Buffer = Buffer.allocUnsafeSlow(BLOCK)
  #filled = 0
  #kind: Member['kind'] = 'ignored'
  #body = 0
  #padding = 0
  #extension: Buffer[] = []
  #position = 0

  constructor(handler: TarHandler) {
    this.#handler = handler
  }

  /** Bytes taken so far. */
  get position(): number {
    return this.#position
  }

  /** Whether there was a member, even one that is refused. */
  get started(): boolean {
    return this.#decoder.started
  }

  push(chunk: Buffer): void {
    const start = this.#position
    let at = 0
    while (at < chunk.length && this.#kind !== 'end') {
      if (this.#body > 0) {
        const length = Math.min(this.#body, chunk.length - at)
        this.#take(chunk.subarray(at, at + length), start + at + length)
        at += length
      } else if (this.#padding > 0) {
        const length = Math.min(this.#padding, chunk.length - at)
        this.#padding -= length
        at += length
      } else if (this.#filled === 0 && chunk.length - at >= BLOCK) {
        at += BLOCK
        this.#header(chunk, at - BLOCK, start + at)
      } else {
        const copied = chunk.copy(this.#partial, this.#filled, at)
        at += copied
        this.#filled += copied
        if (this.#filled < BLOCK) break
        this.#filled = 0
        this.#header(this.#partial, 0, start + at)
      }
    }
    this.#position = start + chunk.length
  }

  /** Errors unless the archive is complete. The end marker itself may be missing. */
  finish(): void {
    if (this.#kind === 'end') return
    // The padding of the last member may be missing, as in Go.
    if (this.#body > 0 || this.#filled > 0 || !this.#decoder.complete) {
      throw new TsbuildError('ARCHIVE_INVALID', 'invalid tar: it is cut off')
    }
  }

  #header(block: Buffer, at: number, offset: number): void {
    this.#begin(this.#decoder.header(block, at), offset)
  }

  #begin(member: Member, offset: number): void {
    this.#kind = member.kind
    this.#body = member.size
    this.#padding = paddingOf(member.size)
    if (member.kind === 'entry') this.#handler.entry(member.entry, offset, member.sparse)
  }

  #take(bytes: Buffer, end: number): void {
    this.#body -= bytes.length
    if (this.#kind === 'entry') {
      this.#handler.data(bytes)
    } else if (this.#kind === 'extension') {
      this.#extension.push(Buffer.from(bytes))
      if (this.#body > 0) return
      const body = Buffer.concat(this.#extension)
      this.#extension = []
      const next = this.#decoder.extend(body)
      if (next) this.#begin(next, end)
    }
  }
}
