// File names are bytes, strings are not: bytes that are not UTF-8 become the lone surrogates U+DC80..U+DCFF and back
// (the form of entry.ts; Python calls it surrogateescape).

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** The string form of a name's bytes `[start, end)`. Never fails; {@link pathToBytes} gives the same bytes back. */
export function bytesToPath(bytes: Uint8Array, start = 0, end: number = bytes.length): string {
  const buffer = asBuffer(bytes)
  let at = start
  while (at < end && (buffer[at] as number) < 0x80) at++
  if (at === end) return buffer.toString('latin1', start, end)
  try {
    return strict.decode(buffer.subarray(start, end))
  } catch {
    return escapeInvalid(buffer.subarray(start, end))
  }
}

/** The bytes of a name in its string form. Surrogates that {@link bytesToPath} never makes become U+FFFD. */
export function pathToBytes(path: string): Buffer {
  if (path.isWellFormed()) return Buffer.from(path, 'utf8')
  const parts: Buffer[] = []
  let plain = 0
  for (let i = 0; i < path.length; i++) {
    const unit = path.charCodeAt(i)
    if (isHighSurrogate(unit) && isLowSurrogate(path.charCodeAt(i + 1))) {
      i++
    } else if (unit >= 0xdc80 && unit <= 0xdcff) {
      parts.push(Buffer.from(path.slice(plain, i), 'utf8'), Buffer.of(unit & 0xff))
      plain = i + 1
    }
  }
  parts.push(Buffer.from(path.slice(plain), 'utf8'))
  return Buffer.concat(parts)
}

/** A path for `node:fs`: the string itself if it stands for the same bytes, otherwise the bytes. */
export function toFsPath(path: string): string | Buffer {
  return path.isWellFormed() ? path : pathToBytes(path)
}

/** A view of the same memory with Buffer's methods. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

function escapeInvalid(bytes: Buffer): string {
  let text = ''
  for (let at = 0; at < bytes.length; ) {
    const length = sequenceLength(bytes, at)
    text += length === 0 ? String.fromCharCode(0xdc00 | (bytes[at] as number)) : bytes.toString('utf8', at, at + length)
    at += Math.max(length, 1)
  }
  return text
}

/** Bytes of the well-formed UTF-8 sequence at an offset, 0 if there is none (Unicode 15, table 3-7). */
function sequenceLength(bytes: Buffer, at: number): number {
  const first = bytes[at] as number
  if (first < 0x80) return 1
  const length = first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0
  if (length === 0 || at + length > bytes.length) return 0
  const second = bytes[at + 1] as number
  const low = first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80
  const high = first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf
  if (second < low || second > high) return 0
  for (let i = at + 2; i < at + length; i++) if (((bytes[i] as number) & 0xc0) !== 0x80) return 0
  return length
}

function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff
}

function isLowSurrogate(unit: number): boolean {
  return unit >= 0xdc00 && unit <= 0xdfff
}
