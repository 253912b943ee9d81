// Where a sparse file has data. In an archive the data of all extents follow one another; the rest of the file is zeros.
import { TsbuildError } from '../../base/errors.ts'

/** A part of a file that has data: `start` is its place in the file, `stored` that in what the archive has of the file. In bytes. */
export interface SparseExtent {
  readonly start: number
  readonly length: number
  readonly stored: number
}

/** In order, without overlaps. Everything between is a hole. */
export type SparseMap = readonly SparseExtent[]

/**
 * The map that pairs of offset and length are, for a file of `size` bytes of which `stored` are in the archive; undefined for a file without
 * holes. Errors with `ARCHIVE_INVALID` unless the pairs are in order, apart, inside the file, and as much as what is stored.
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

/** The map that offsets and lengths in turn are, once they were checked. */
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

/** How much of a file an archive has. */
export function storedSize(size: number, sparse: SparseMap | undefined): number {
  if (!sparse) return size
  const last = sparse.at(-1)
  return last ? last.stored + last.length : 0
}

/** What a range of the file has in data: `at` is counted from the range's start. */
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

/** A file's bytes from what an archive has of it. */
export function expandBytes(data: Buffer, size: number, sparse: SparseMap | undefined): Buffer {
  if (!sparse) return data
  const bytes = Buffer.alloc(size)
  for (const { at, stored, length } of dataIn(sparse, 0, size)) data.copy(bytes, at, stored, stored + length)
  return bytes
}

/** Takes what an archive has of a file, in pieces, and gives the file's bytes to `sink`, holes as zeros, in pieces of any size. */
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

  /** Gives the last hole. */
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
