// The extents of a sparse file that have data. In an archive their data follow one another; the rest of the
// file is zeros.
import { TsbuildError } from '../../base/errors.ts'

/**
 * A part of a file that has data. In bytes: `start` is its position in the file, `stored` its position in the
 * stored data.
 */
export interface SparseExtent {
  readonly start: number
  readonly length: number
  readonly stored: number
}

/** In order, without overlaps. Everything between is a hole. */
export type SparseMap = readonly SparseExtent[]

/**
 * The map made of pairs of offset and length, for a file of `size` bytes of which `stored` are in the archive;
 * undefined for a file without holes. Errors with `ARCHIVE_INVALID` unless the pairs are in order, apart,
 * inside the file, and add up to the stored bytes.
 */
export function sparseMap(numbers: readonly number[], size: number, stored: number): SparseMap | undefined {
  let end = 0
  let total = 0
  if (numbers.length % 2 !== 0) throw malformed('an offset without a length')
  for (let at = 0; at < numbers.length; at += 2) {
    const [start = 0, length = 0] = [numbers[at], numbers[at + 1]]
    if (start < end || length < 0) throw malformed('its parts overlap, or are out of order')
    if (start > size || length > size - start) throw malformed('a part of it is beyond its end')
    end = start + length
    total += length
  }
  if (total !== stored) throw malformed(`it has ${stored} bytes of data, expected ${total}`)
  return total === size ? undefined : extentsOf(numbers)
}

/** The map made of offsets and lengths in turn, which were checked before. */
export function extentsOf(numbers: readonly number[]): SparseMap {
  let stored = 0
  const extents: SparseExtent[] = []
  for (let at = 0; at < numbers.length; at += 2) {
    const [start = 0, length = 0] = [numbers[at], numbers[at + 1]]
    if (length > 0) extents.push({ start, length, stored })
    stored += length
  }
  return extents
}

/** The bytes of a file that an archive stores. */
export function storedSize(size: number, sparse: SparseMap | undefined): number {
  if (!sparse) return size
  const last = sparse.at(-1)
  return last ? last.stored + last.length : 0
}

/** The data in a range of the file: `at` is counted from the start of the range. */
export function* dataIn(
  sparse: SparseMap,
  position: number,
  length: number,
): Generator<{ readonly at: number; readonly stored: number; readonly length: number }, void, void> {
  for (let next = firstAfter(sparse, position); next < sparse.length; next++) {
    const extent = sparse[next] as SparseExtent
    const from = Math.max(position, extent.start)
    const to = Math.min(position + length, extent.start + extent.length)
    if (from >= to) return
    yield { at: from - position, stored: extent.stored + from - extent.start, length: to - from }
  }
}

/** Makes a file's bytes from its stored bytes. */
export function expandBytes(data: Buffer, size: number, sparse: SparseMap | undefined): Buffer {
  if (!sparse) return data
  const bytes = Buffer.alloc(size)
  for (const { at, stored, length } of dataIn(sparse, 0, size)) data.copy(bytes, at, stored, stored + length)
  return bytes
}

/**
 * Takes the stored bytes of a file in pieces, and passes the file's bytes to `sink`, holes as zeros, in pieces
 * of any size.
 */
export class SparseExpander {
  readonly #size: number
  readonly #map: SparseMap
  readonly #sink: (bytes: Buffer) => void
  #next = 0
  #stored = 0
  #position = 0

  constructor(size: number, map: SparseMap, sink: (bytes: Buffer) => void) {
    this.#size = size
    this.#map = map
    this.#sink = sink
  }

  push(data: Buffer): void {
    for (let at = 0; at < data.length; ) {
      const extent = this.#map[this.#next]
      if (!extent) throw new Error('bug: more data than a sparse map has')
      this.#zerosTo(extent.start)
      const end = extent.stored + extent.length
      const length = Math.min(data.length - at, end - this.#stored)
      this.#sink(data.subarray(at, at + length))
      at += length
      this.#stored += length
      this.#position += length
      if (this.#stored === end) this.#next++
    }
  }

  /** Passes the last hole to the sink. */
  finish(): void {
    this.#zerosTo(this.#size)
  }

  #zerosTo(position: number): void {
    while (this.#position < position) {
      const length = Math.min(ZEROS.length, position - this.#position)
      this.#sink(ZEROS.subarray(0, length))
      this.#position += length
    }
  }
}

const ZEROS = Buffer.alloc(1024 * 1024)

/** The first extent that ends after a position. */
function firstAfter(sparse: SparseMap, position: number): number {
  let [low, high] = [0, sparse.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    const { start, length } = sparse[middle] as SparseExtent
    if (start + length <= position) low = middle + 1
    else high = middle
  }
  return low
}

function malformed(what: string): TsbuildError {
  return new TsbuildError('ARCHIVE_INVALID', `invalid tar: the map of a sparse file: ${what}`)
}
