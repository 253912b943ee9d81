// XXH64 with seed 0 (xxHash specification, 0.1.1): the checksum of zstd frames. 64-bit numbers are pairs of
// 32-bit ones.

const P1 = [0x9e3779b1, 0x85ebca87] as const
const P2 = [0xc2b2ae3d, 0x27d4eb4f] as const
const P3 = [0x165667b1, 0x9e3779f9] as const
const P4 = [0x85ebca77, 0xc2b2ae63] as const
const P5 = [0x27d4eb2f, 0x165667c5] as const
const STRIPE = 32

/** High and low half. */
type Pair = readonly [high: number, low: number]

/** Hashes what is pushed, in pieces of any size. */
export class Xxh64 {
  /** Four lanes, high and low half each. */
  readonly #lanes = new Uint32Array([...add(P1, P2), ...P2, 0, 0, ...negate(P1)])
  readonly #partial: Buffer = Buffer.alloc(STRIPE)
  #filled = 0
  #total = 0

  push(bytes: Buffer): void {
    this.#total += bytes.length
    let at = 0
    if (this.#filled > 0) {
      at = bytes.copy(this.#partial, this.#filled)
      this.#filled += at
      if (this.#filled < STRIPE) return
      this.#stripe(this.#partial, 0)
      this.#filled = 0
    }
    for (; at + STRIPE <= bytes.length; at += STRIPE) this.#stripe(bytes, at)
    this.#filled = bytes.copy(this.#partial, 0, at)
  }

  /** The lower 32 bits of the hash of all that was pushed. */
  low(): number {
    const lane = (n: number): Pair => [this.#lanes[2 * n] ?? 0, this.#lanes[2 * n + 1] ?? 0]
    const lanes = [lane(0), lane(1), lane(2), lane(3)] as const
    let hash: Pair = P5
    if (this.#total >= STRIPE) {
      const [a, b, c, d] = lanes
      hash = add(add(rotate(a, 1), rotate(b, 7)), add(rotate(c, 12), rotate(d, 18)))
      for (const one of lanes) hash = add(multiply(xor(hash, round([0, 0], one)), P1), P4)
    }
    hash = add(hash, [Math.floor(this.#total / 2 ** 32), this.#total >>> 0])
    const rest = this.#partial.subarray(0, this.#filled)
    let at = 0
    for (; at + 8 <= rest.length; at += 8) {
      const word: Pair = [rest.readUInt32LE(at + 4), rest.readUInt32LE(at)]
      hash = add(multiply(rotate(xor(hash, round([0, 0], word)), 27), P1), P4)
    }
    if (at + 4 <= rest.length) {
      hash = add(multiply(rotate(xor(hash, multiply([0, rest.readUInt32LE(at)], P1)), 23), P2), P3)
      at += 4
    }
    for (; at < rest.length; at++) {
      hash = multiply(rotate(xor(hash, multiply([0, rest[at] ?? 0], P5)), 11), P1)
    }
    hash = multiply(xor(hash, [0, hash[0] >>> 1]), P2)
    hash = multiply(xor(hash, shiftRight29(hash)), P3)
    return xor(hash, [0, hash[0]])[1]
  }

  /** The hot loop: {@link round} for each lane, without allocating pairs. */
  #stripe(bytes: Buffer, at: number): void {
    const lanes = this.#lanes
    for (let i = 0; i < 8; i += 2, at += 8) {
      const wordLow = word32(bytes, at)
      const low = (lanes[i + 1] as number) + (Math.imul(wordLow, P2[1]) >>> 0)
      const high =
        ((lanes[i] as number) +
          highProduct(wordLow, P2[1]) +
          Math.imul(wordLow, P2[0]) +
          Math.imul(word32(bytes, at + 4), P2[1]) +
          (low > 0xffff_ffff ? 1 : 0)) |
        0
      // Rotated by 31.
      const rotatedHigh = (high << 31) | ((low | 0) >>> 1)
      const rotatedLow = (low << 31) | (high >>> 1)
      lanes[i + 1] = Math.imul(rotatedLow, P1[1])
      lanes[i] = highProduct(rotatedLow, P1[1]) + Math.imul(rotatedLow, P1[0]) + Math.imul(rotatedHigh, P1[1])
    }
  }
}

function round(lane: Pair, word: Pair): Pair {
  return multiply(rotate(add(lane, multiply(word, P2)), 31), P1)
}

function add([aHigh, aLow]: Pair, [bHigh, bLow]: Pair): Pair {
  const low = aLow + bLow
  return [(aHigh + bHigh + (low > 0xffff_ffff ? 1 : 0)) >>> 0, low >>> 0]
}

function negate([high, low]: Pair): Pair {
  return add([~high >>> 0, ~low >>> 0], [0, 1])
}

function xor([aHigh, aLow]: Pair, [bHigh, bLow]: Pair): Pair {
  return [(aHigh ^ bHigh) >>> 0, (aLow ^ bLow) >>> 0]
}

/** By 1 to 31 bits. */
function rotate([high, low]: Pair, by: number): Pair {
  return [((high << by) | (low >>> (32 - by))) >>> 0, ((low << by) | (high >>> (32 - by))) >>> 0]
}

function shiftRight29([high, low]: Pair): Pair {
  return [high >>> 29, ((low >>> 29) | (high << 3)) >>> 0]
}

function multiply([aHigh, aLow]: Pair, [bHigh, bLow]: Pair): Pair {
  const high = highProduct(aLow, bLow) + Math.imul(aHigh, bLow) + Math.imul(aLow, bHigh)
  return [high >>> 0, Math.imul(aLow, bLow) >>> 0]
}

/** Faster than Buffer's own, which checks. */
function word32(bytes: Buffer, at: number): number {
  return (
    (bytes[at] as number) |
    ((bytes[at + 1] as number) << 8) |
    ((bytes[at + 2] as number) << 16) |
    ((bytes[at + 3] as number) << 24)
  )
}

/** The upper 32 bits of the product of two 32-bit numbers. */
function highProduct(a: number, b: number): number {
  const a0 = a & 0xffff
  const a1 = a >>> 16
  const b0 = b & 0xffff
  const b1 = b >>> 16
  const middle = Math.imul(a1, b0) + (Math.imul(a0, b0) >>> 16)
  const other = Math.imul(a0, b1) + (middle & 0xffff)
  return (Math.imul(a1, b1) + (middle >>> 16) + (other >>> 16)) | 0
}
