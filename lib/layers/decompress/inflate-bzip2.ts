// bzip2, a block at a time, so that memory is bounded: a few bytes of input can make 45 MB.
import { ByteSource } from './byte-source.ts'

const BLOCK_MAGIC = 0x3141_5926_5359
const END_MAGIC = 0x1772_4538_5090
/** No block has more compressed bytes: 900,000 symbols of 20 bits, and tables. */
const LOOKAHEAD = 2_400_000
const GROUP = 50
const MAX_CODE = 20
const OUTPUT = 64 * 1024
const CUT_OFF = 'it is cut off'

/** The bytes of a bzip2 stream, or of several. Checksums are verified. Damage is a plain error with the reason. */
export async function* inflateBzip2(stream: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const source = new ByteSource(stream)
  const bits = new BitReader(source)
  try {
    await bits.fill()
    do {
      if (bits.read(24) !== 0x425a68) throw new Error('there are bytes after its end')
      const level = bits.read(8) - 0x30
      if (level < 1 || level > 9) throw new Error('its header has no block size')
      yield* inflateStream(bits, level * 100_000)
      bits.align()
      await bits.fill()
    } while (!bits.ended)
  } finally {
    await source.close()
  }
}

async function* inflateStream(bits: BitReader, limit: number): AsyncGenerator<Uint8Array> {
  const words = new Uint32Array(limit)
  let combined = 0
  for (;;) {
    await bits.fill()
    const magic = bits.read(24) * 2 ** 24 + bits.read(24)
    const expected = ((bits.read(16) << 16) | bits.read(16)) >>> 0
    if (magic === END_MAGIC) {
      if (expected !== combined) throw new Error('the checksum of the whole does not match')
      return
    }
    if (magic !== BLOCK_MAGIC) throw new Error('there is no block where one should be')
    const start = readBlock(bits, words)
    const checksum = yield* expandRuns(words, start.length, start.origin)
    if (checksum !== expected) throw new Error('the checksum of a block does not match')
    combined = (((combined << 1) | (combined >>> 31)) ^ checksum) >>> 0
  }
}

/** Decodes a block into `words`, each of which gets a byte and where the next one is. */
function readBlock(bits: BitReader, words: Uint32Array): { readonly length: number; readonly origin: number } {
  if (bits.read(1) === 1) throw new Error('randomized blocks are not supported')
  const origin = bits.read(24)
  const symbols = readSymbols(bits)
  const alphabet = symbols.length + 2
  const groups = bits.read(3)
  if (groups < 2 || groups > 6) throw new Error(`${groups} code tables`)
  const selectors = readSelectors(bits, groups)
  const tables = Array.from({ length: groups }, () => codeTable(readLengths(bits, alphabet)))
  const counts = new Uint32Array(256)
  const endOfBlock = alphabet - 1
  let length = 0
  let run = 0
  let weight = 1
  for (let group = 0; ; group++) {
    const table = tables[selectors[group] ?? groups]
    if (table === undefined) throw new Error('it has more symbols than selectors')
    for (let i = 0; i < GROUP; i++) {
      const symbol = readSymbol(bits, table)
      if (symbol < 2) {
        run += weight << symbol
        weight <<= 1
        if (run > words.length) throw new Error('a block is too large')
        continue
      }
      if (run > 0) {
        const byte = symbols[0] as number
        if (length + run > words.length) throw new Error('a block is too large')
        words.fill(byte, length, length + run)
        counts[byte] = (counts[byte] as number) + run
        length += run
        run = 0
        weight = 1
      }
      if (symbol === endOfBlock) {
        if (origin >= length) throw new Error('a block starts outside of itself')
        linkWords(words, counts, length)
        return { length, origin }
      }
      if (length >= words.length) throw new Error('a block is too large')
      const byte = symbols[symbol - 1] as number
      symbols.copyWithin(1, 0, symbol - 1)
      symbols[0] = byte
      words[length++] = byte
      counts[byte] = (counts[byte] as number) + 1
    }
  }
}

/** The byte values that occur in the block, in order. */
function readSymbols(bits: BitReader): Uint8Array {
  const ranges = bits.read(16)
  const symbols: number[] = []
  for (let i = 0; i < 16; i++) {
    if ((ranges & (0x8000 >> i)) === 0) continue
    const used = bits.read(16)
    for (let j = 0; j < 16; j++) if ((used & (0x8000 >> j)) !== 0) symbols.push(i * 16 + j)
  }
  if (symbols.length === 0) throw new Error('a block without bytes')
  return Uint8Array.from(symbols)
}

function readSelectors(bits: BitReader, groups: number): Uint8Array {
  const selectors = new Uint8Array(bits.read(15))
  const recent = Uint8Array.from({ length: groups }, (_, i) => i)
  for (let i = 0; i < selectors.length; i++) {
    let position = 0
    while (bits.read(1) === 1) if (++position >= groups) throw new Error('a selector is out of range')
    const table = recent[position] as number
    recent.copyWithin(1, 0, position)
    recent[0] = table
    selectors[i] = table
  }
  return selectors
}

function readLengths(bits: BitReader, alphabet: number): Uint8Array {
  const lengths = new Uint8Array(alphabet)
  let length = bits.read(5)
  for (let i = 0; i < alphabet; i++) {
    for (;;) {
      if (length < 1 || length > MAX_CODE) throw new Error('a code is too long')
      if (bits.read(1) === 0) break
      length += bits.read(1) === 0 ? 1 : -1
    }
    lengths[i] = length
  }
  return lengths
}

/**
 * A canonical prefix code: for each length the largest code, and what to add to it for its place among the
 * symbols.
 */
interface CodeTable {
  readonly limits: Int32Array
  readonly offsets: Int32Array
  readonly symbols: Uint16Array
  readonly shortest: number
}

function codeTable(lengths: Uint8Array): CodeTable {
  const limits = new Int32Array(MAX_CODE + 1).fill(-1)
  const offsets = new Int32Array(MAX_CODE + 1)
  const symbols = new Uint16Array(lengths.length)
  let code = 0
  let placed = 0
  let shortest = MAX_CODE
  for (let length = 1; length <= MAX_CODE; length++) {
    const first = placed
    for (let i = 0; i < lengths.length; i++) if (lengths[i] === length) symbols[placed++] = i
    offsets[length] = first - code
    code += placed - first
    if (placed > first) {
      limits[length] = code - 1
      shortest = Math.min(shortest, length)
    }
    code <<= 1
  }
  return { limits, offsets, symbols, shortest }
}

function readSymbol(bits: BitReader, { limits, offsets, symbols, shortest }: CodeTable): number {
  let code = bits.read(shortest)
  for (let length = shortest; ; length++) {
    if (code <= (limits[length] as number)) {
      const symbol = symbols[code + (offsets[length] as number)]
      if (symbol !== undefined) return symbol
    }
    if (length >= MAX_CODE) throw new Error('a code that no symbol has')
    code = (code << 1) | bits.read(1)
  }
}

/** Undoes the sorting: the upper 24 bits of each word become the place of the byte that follows. */
function linkWords(words: Uint32Array, counts: Uint32Array, length: number): void {
  let sum = 0
  for (let byte = 0; byte < 256; byte++) {
    const count = counts[byte] as number
    counts[byte] = sum
    sum += count
  }
  for (let i = 0; i < length; i++) {
    const byte = (words[i] as number) & 0xff
    const place = counts[byte] as number
    counts[byte] = place + 1
    words[place] = (words[place] as number) | (i << 8)
  }
}

/** The bytes of a block: after four that are the same comes how many more there are. Returns their checksum. */
function* expandRuns(words: Uint32Array, length: number, origin: number): Generator<Uint8Array, number> {
  let output = Buffer.allocUnsafe(OUTPUT)
  let at = 0
  let checksum = 0xffff_ffff
  let last = -1
  let same = 0
  let word = words[origin] as number
  for (let i = 0; i < length; i++) {
    word = words[word >>> 8] as number
    let byte = word & 0xff
    let times = 1
    if (same === 4) {
      times = byte
      byte = last
      same = 0
    } else {
      same = byte === last ? same + 1 : 1
      last = byte
    }
    for (; times > 0; times--) {
      checksum = ((checksum << 8) ^ (CRC[(checksum >>> 24) ^ byte] as number)) >>> 0
      output[at++] = byte
      if (at < OUTPUT) continue
      yield output
      output = Buffer.allocUnsafe(OUTPUT)
      at = 0
    }
  }
  if (at > 0) yield output.subarray(0, at)
  return ~checksum >>> 0
}

/** CRC-32 with the most significant bit first, unlike zlib's. */
const CRC: Uint32Array = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte << 24
  for (let i = 0; i < 8; i++) value = value & 0x8000_0000 ? (value << 1) ^ 0x04c1_1db7 : value << 1
  return value
})

/**
 * Bits of a stream, most significant first. Only {@link fill} waits for input, so that reading a block is
 * synchronous.
 */
class BitReader {
  readonly #source: ByteSource
  #bytes: Buffer = Buffer.alloc(0)
  #at = 0
  #held = 0
  #count = 0

  constructor(source: ByteSource) {
    this.#source = source
  }

  /** Whether everything is read. Right only after {@link fill}. */
  get ended(): boolean {
    return this.#count === 0 && this.#at === this.#bytes.length
  }

  /** Buffers a whole block, or all input that is left. */
  async fill(): Promise<void> {
    const left = this.#bytes.length - this.#at
    if (left >= LOOKAHEAD) return
    const more = await this.#source.upTo(2 * LOOKAHEAD - left)
    if (more.length === 0) return
    this.#bytes = Buffer.concat([this.#bytes.subarray(this.#at), more])
    this.#at = 0
  }

  /** At most 24 bits. */
  read(width: number): number {
    while (this.#count < width) {
      const byte = this.#bytes[this.#at++]
      if (byte === undefined) throw new Error(CUT_OFF)
      this.#held = (this.#held << 8) | byte
      this.#count += 8
    }
    this.#count -= width
    const value = (this.#held >>> this.#count) & ((1 << width) - 1)
    return value
  }

  /** Goes on at the next whole byte. */
  align(): void {
    this.#count -= this.#count % 8
  }
}
