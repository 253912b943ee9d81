/** Chunks below this are always compressed: trying costs nothing. */
const MIN_LENGTH = 16 * 1024
const SAMPLES = 8192
/** Bits per byte, of 8. Compressed data has more than 7.95, machine code about 6.5, base64 at most 6. */
const THRESHOLD = 7.9

const counts = new Uint32Array(256)

/**
 * Whether deflate would gain nothing, because byte values are as evenly distributed as in compressed or
 * encrypted data. Looks at a sample, which is always the same for the same bytes.
 */
export function isIncompressible(bytes: Uint8Array): boolean {
  if (bytes.length < MIN_LENGTH) return false
  counts.fill(0)
  // Odd, so that samples don't fall on one column of a table.
  const step = Math.max(1, Math.floor(bytes.length / SAMPLES)) | 1
  let total = 0
  for (let at = 0; at < bytes.length; at += step) {
    const byte = bytes[at] as number
    counts[byte] = (counts[byte] as number) + 1
    total++
  }
  let bits = 0
  for (const count of counts) if (count > 0) bits -= count * Math.log2(count / total)
  return bits / total > THRESHOLD
}
