// zstd frame by frame (RFC 8878, 3.1). The zstd streams of Node.js end after the first frame, or accept a
// truncated frame, depending on the version. The package in JavaScript decodes blocks and checks nothing else.
import { pipeline, Readable, type Transform } from 'node:stream'
import zlib from 'node:zlib'
import { TsbuildError } from '../../base/errors.ts'
import { ByteSource } from './byte-source.ts'
import { Xxh64 } from './xxh64.ts'

const MAGIC = 0xfd2f_b528
const SKIPPABLE = 0x184d_2a50
/** The default limit of the zstd program: 2^27 bytes. */
const MAX_WINDOW = 128 * 1024 * 1024
const MAX_BLOCK = 128 * 1024

interface FrameHeader {
  readonly bytes: Buffer
  readonly hasChecksum: boolean
  /** Bytes that the frame holds, if its header has the number. */
  readonly contentSize: number | undefined
}

/** Node.js has it since 22.15. */
const { createZstdDecompress } = zlib as { createZstdDecompress?: (options: { chunkSize: number }) => Transform }

/**
 * Decompresses zstd frames a block at a time, so that memory is bounded. Sizes and checksums are verified.
 * Damage is a plain error with the reason; with `careful`, all blocks before it are yielded first. Errors with
 * `ARCHIVE_UNSUPPORTED` for frames that need a dictionary or a window of more than 128 MiB.
 */
export async function* inflateZstd(
  stream: AsyncIterable<Uint8Array>,
  damage: { readonly careful: boolean },
): AsyncGenerator<Uint8Array> {
  const source = new ByteSource(stream)
  try {
    for (;;) {
      const start = await source.upTo(4)
      if (start.length === 0) return
      if (start.length < 4) throw cutOff()
      const magic = start.readUInt32LE(0)
      if (magic === MAGIC) yield* inflateFrame(source, await readHeader(start, source), damage)
      else if ((magic & 0xffff_fff0) >>> 0 === SKIPPABLE) await skip(source, (await exactly(source, 4)).readUInt32LE(0))
      else throw new Error('there are bytes between frames')
    }
  } finally {
    await source.close()
  }
}

async function readHeader(start: Buffer, source: ByteSource): Promise<FrameHeader> {
  const descriptor = await exactly(source, 1)
  const flags = descriptor[0] ?? 0
  const single = (flags & 0x20) !== 0
  const dictionarySize = [0, 1, 2, 4][flags & 3] ?? 0
  const contentWidth = flags >> 6 === 0 ? Number(single) : 1 << (flags >> 6)
  const rest = await exactly(source, Number(!single) + dictionarySize + contentWidth)
  if ((flags & 8) !== 0) throw new Error('a reserved bit is set')
  const dictionaryAt = Number(!single)
  if (rest.subarray(dictionaryAt, dictionaryAt + dictionarySize).some((byte) => byte !== 0)) {
    throw new TsbuildError('ARCHIVE_UNSUPPORTED', 'zstd data that needs a dictionary')
  }
  const contentSize = readSize(rest.subarray(dictionaryAt + dictionarySize))
  const window = single ? (contentSize ?? 0) : windowSize(rest[0] ?? 0)
  if (window > MAX_WINDOW) {
    throw new TsbuildError('ARCHIVE_UNSUPPORTED', `zstd data with a window of ${window} bytes`, {
      hint: `compress it with a window of at most ${MAX_WINDOW} bytes: without --ultra --long`,
    })
  }
  return { bytes: Buffer.concat([start, descriptor, rest]), hasChecksum: (flags & 4) !== 0, contentSize }
}

function windowSize(descriptor: number): number {
  const base = 2 ** (10 + (descriptor >> 3))
  return base + (base / 8) * (descriptor & 7)
}

function readSize(bytes: Buffer): number | undefined {
  if (bytes.length === 0) return undefined
  if (bytes.length === 2) return bytes.readUInt16LE(0) + 256
  return bytes.length === 8 ? Number(bytes.readBigUInt64LE(0)) : bytes.readUIntLE(0, bytes.length)
}

function inflateFrame(
  source: ByteSource,
  header: FrameHeader,
  { careful }: { readonly careful: boolean },
): AsyncGenerator<Uint8Array> {
  // Node.js drops sound blocks that are decoded together with a damaged one.
  if (careful || !createZstdDecompress) return inflateBlocks(source, header)
  return inflateByNode(source, header, createZstdDecompress({ chunkSize: MAX_BLOCK }))
}

async function* inflateByNode(source: ByteSource, header: FrameHeader, decoder: Transform): AsyncGenerator<Uint8Array> {
  async function* frame(): AsyncGenerator<Buffer> {
    yield header.bytes
    for await (const { bytes } of blocksOf(source)) yield bytes
    if (header.hasChecksum) yield await exactly(source, 4)
  }
  // Errors of both sides arrive as the stream's.
  yield* pipeline(Readable.from(frame(), { objectMode: false }), decoder, () => {}) as AsyncIterable<Uint8Array>
}

async function* inflateBlocks(source: ByteSource, header: FrameHeader): AsyncGenerator<Uint8Array> {
  const { Decompress } = await import('fzstd')
  let ready: Uint8Array[] = []
  const decoder = new Decompress((bytes) => ready.push(bytes))
  const hasher = header.hasChecksum ? new Xxh64() : undefined
  let size = 0
  let before = header.bytes
  for await (const { bytes: block, isLast } of blocksOf(source)) {
    // The package skips the checksum, so zeros do: then the data before a missing checksum is still yielded.
    const end = isLast && hasher ? Buffer.alloc(4) : Buffer.alloc(0)
    decoder.push(Buffer.concat([before, block, end]), isLast)
    before = Buffer.alloc(0)
    for (const bytes of ready) {
      size += bytes.length
      hasher?.push(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length))
      if (bytes.length > 0) yield bytes
    }
    ready = []
  }
  if (hasher && hasher.low() !== (await exactly(source, 4)).readUInt32LE(0)) {
    throw new Error('a checksum does not match')
  }
  if (header.contentSize !== undefined && size !== header.contentSize) {
    throw new Error(`a frame of ${header.contentSize} bytes has ${size}`)
  }
}

/** The blocks of a frame, each with its header. */
async function* blocksOf(source: ByteSource): AsyncGenerator<{ readonly bytes: Buffer; readonly isLast: boolean }> {
  for (let isLast = false; !isLast; ) {
    // A copy, since the source may use its memory again for the block.
    const head = Buffer.from(await exactly(source, 3))
    const word = head.readUIntLE(0, 3)
    isLast = (word & 1) !== 0
    const isRepeated = ((word >> 1) & 3) === 1
    if (word >> 3 > MAX_BLOCK) throw new Error(`a block of ${word >> 3} bytes`)
    const block = await exactly(source, isRepeated ? 1 : word >> 3)
    yield { bytes: Buffer.concat([head, block]), isLast }
  }
}

async function exactly(source: ByteSource, length: number): Promise<Buffer> {
  const bytes = await source.upTo(length)
  if (bytes.length < length) throw cutOff()
  return bytes
}

async function skip(source: ByteSource, length: number): Promise<void> {
  for (let left = length; left > 0; ) {
    const piece = await source.some(left)
    if (piece === undefined) throw cutOff()
    left -= piece.length
  }
}

function cutOff(): Error {
  return new Error('it is cut off')
}
