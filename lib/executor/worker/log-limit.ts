// Clips a stream of output as BuildKit does: at a size, and at a speed while the stream is shorter.

/** Undefined for no limit. */
export interface StreamLimit {
  /** Bytes of a stream. */
  readonly bytes?: number | undefined
  /** Bytes a second since the start of the command, which count by whole seconds, begun ones included. */
  readonly bytesPerSecond?: number | undefined
}

/** One stream of a step's output. */
export interface LimitedLog {
  /** The part of the text to show, perhaps with a note that the rest is clipped. */
  add(text: string): string
  /** The end of what was clipped last. */
  clippedEnd(): string
}

/** Bytes of clipped output that are kept for the log of a step that fails. */
const KEPT = 256 * 1024

/** `now` gives milliseconds. */
export function createLimitedLog({ bytes, bytesPerSecond }: StreamLimit, now: () => number = Date.now): LimitedLog {
  const start = now()
  const clipped = createLastBytes(KEPT)
  let seen = 0
  let clipping = false

  const allowance = (): { readonly allowed: number; readonly limit: string } => {
    const seconds = Math.ceil((now() - start) / 1000)
    const bySpeed = bytesPerSecond === undefined ? Number.POSITIVE_INFINITY : seconds * bytesPerSecond
    const bySize = bytes ?? Number.POSITIVE_INFINITY
    return bySpeed <= bySize
      ? { allowed: bySpeed, limit: `${binarySize(bytesPerSecond ?? 0)}/s` }
      : { allowed: bySize, limit: binarySize(bytes ?? 0) }
  }

  return {
    add: (text) => {
      if (bytes === undefined && bytesPerSecond === undefined) return text
      const length = Buffer.byteLength(text)
      const { allowed, limit } = allowance()
      const room = allowed - seen
      // Clipped output counts, so that a stream that outruns its speed may reach its size without being shown.
      seen += length
      if (length <= room) {
        clipping = false
        clipped.clear()
        return text
      }
      const all = Buffer.from(text)
      const shown = all.subarray(0, characterStart(all, Math.max(0, room)))
      if (shown.length > 0) clipped.clear()
      clipped.add(all.subarray(shown.length))
      const note = clipping ? '' : `\n[output clipped, log limit ${limit} reached]\n`
      clipping = true
      return shown.toString() + note
    },
    clippedEnd: () => {
      const end = clipped.bytes()
      return end.subarray(characterEnd(end)).toString()
    },
  }
}

/** The last position up to `at` at which a character starts. */
function characterStart(bytes: Uint8Array, at: number): number {
  let start = at
  while (start > 0 && isContinuation(bytes[start])) start--
  return start
}

/** The first position at which a character starts. */
function characterEnd(bytes: Uint8Array): number {
  let end = 0
  while (isContinuation(bytes[end])) end++
  return end
}

/** Whether a byte continues a character of UTF-8. */
const isContinuation = (byte: number | undefined): boolean => byte !== undefined && (byte & 0xc0) === 0x80

/** A number of bytes as BuildKit writes it: `2MiB`, `200KiB`. */
function binarySize(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB']
  let value = bytes
  let unit = 0
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024
    unit++
  }
  return `${Number(value.toPrecision(6))}${units[unit]}`
}

interface LastBytes {
  add(chunk: Uint8Array): void
  bytes(): Buffer
  clear(): void
}

/** Keeps the last bytes of a stream in a ring. The memory is allocated when the first bytes come. */
function createLastBytes(size: number): LastBytes {
  let ring: Buffer | undefined
  let end = 0
  let isFull = false
  return {
    add: (chunk) => {
      ring ??= Buffer.alloc(size)
      const last = chunk.subarray(-size)
      const first = last.subarray(0, size - end)
      ring.set(first, end)
      ring.set(last.subarray(first.length), 0)
      isFull ||= end + last.length >= size
      end = (end + last.length) % size
    },
    bytes: () => {
      if (!ring) return Buffer.alloc(0)
      return isFull ? Buffer.concat([ring.subarray(end), ring.subarray(0, end)]) : ring.subarray(0, end)
    },
    clear: () => {
      end = 0
      isFull = false
    },
  }
}
