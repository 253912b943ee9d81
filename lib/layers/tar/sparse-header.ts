// The maps of sparse files in tars: GNU's old header blocks, and its pax formats 0.0, 0.1 and 1.0 (GNU tar
// manual, "Storing Sparse Files").
import { TsbuildError } from '../../base/errors.ts'
import { tarNumber } from './decode-header.ts'
import { type PaxRecords, SPARSE_MAP } from './pax-records.ts'
import { BLOCK, MAX_EXTENDED } from './tar-format.ts'

/** The header of a sparse file. Blocks after it that continue the map go to {@link SparseHeader.take}. */
export interface SparseHeader {
  /** The name of the file, if it differs from the member's. */
  readonly name: Buffer | undefined
  /** The size of the file with its holes. */
  readonly size: number
  /** Whether another block of {@link BLOCK} bytes belongs to the map. */
  readonly open: boolean
  /** How many bytes of the member's size the map has taken. */
  readonly taken: number
  /** Offsets and lengths in turn. */
  readonly numbers: readonly number[]
  take(block: Buffer): void
}

/** Reads a header of type `S`. Errors with `ARCHIVE_INVALID`. */
export function gnuSparse(block: Buffer, at: number): SparseHeader {
  if (block.toString('latin1', at + 257, at + 265) !== 'ustar  \0') throw malformed('its header is not GNU tar’s')
  const numbers: number[] = []
  readEntries(block, at + 386, 4, numbers)
  let open = block[at + 482] !== 0
  let size = 0
  return {
    name: undefined,
    size: tarNumber(block, at + 483, 12, 'size'),
    get open() {
      return open
    },
    taken: 0,
    numbers,
    take: (next) => {
      size += BLOCK
      if (size > MAX_EXTENDED) throw tooLong()
      readEntries(next, 0, 21, numbers)
      open = next[504] !== 0
    },
  }
}

/**
 * Reads the pax records of a sparse file; undefined for any other file. Errors with `ARCHIVE_INVALID`, and
 * `ARCHIVE_UNSUPPORTED` for unknown versions.
 */
export function paxSparse(pax: PaxRecords, stored: number): SparseHeader | undefined {
  const text = (key: string): string => pax.get(`GNU.sparse.${key}`)?.toString('latin1') ?? ''
  const version = `${text('major')}.${text('minor')}`
  const map = pax.get(SPARSE_MAP)?.toString('latin1') ?? ''
  if (version === '.' && map === '') return undefined
  if (!['.', '0.0', '0.1', '1.0'].includes(version)) {
    throw new TsbuildError('ARCHIVE_UNSUPPORTED', `a sparse file of the unknown version ${JSON.stringify(version)}`)
  }
  const name = pax.get('GNU.sparse.name')
  const common = {
    name: name && name.length > 0 ? name : undefined,
    size: integer(text('size') || text('realsize') || String(stored)),
  }
  if (version === '1.0') return mapBlocks(common)
  const numbers = map === '' ? [] : map.split(',').map(integer)
  if (numbers.length !== 2 * integer(text('numblocks'))) throw malformed('its parts are not as many as it says')
  return { ...common, open: false, taken: 0, numbers, take: () => {} }
}

/**
 * A map in front of the data: lines of decimal numbers, the first of which counts the pairs; filled up to a
 * whole block.
 */
function mapBlocks(common: Pick<SparseHeader, 'name' | 'size'>): SparseHeader {
  const numbers: number[] = []
  let pairs: number | undefined
  let line = ''
  let taken = 0
  const isOpen = (): boolean => pairs === undefined || numbers.length < 2 * pairs
  return {
    ...common,
    numbers,
    get open() {
      return isOpen()
    },
    get taken() {
      return taken
    },
    take: (block) => {
      taken += BLOCK
      if (taken > MAX_EXTENDED) throw tooLong()
      const lines = (line + block.toString('latin1')).split('\n')
      line = lines.pop() ?? ''
      for (const text of lines) {
        if (!isOpen()) return
        if (pairs === undefined) pairs = integer(text)
        else numbers.push(integer(text))
      }
      if (isOpen() && line.length > MAX_DIGITS) throw malformed('a number is too long')
    },
  }
}

function readEntries(block: Buffer, at: number, count: number, numbers: number[]): void {
  for (let entry = at; entry < at + 24 * count; entry += 24) {
    if (block[entry] === 0) return
    numbers.push(tarNumber(block, entry, 12, 'offset'), tarNumber(block, entry + 12, 12, 'length'))
  }
}

const MAX_DIGITS = 15

function integer(text: string): number {
  if (text.length > MAX_DIGITS || !/^[0-9]+$/.test(text))
    throw malformed(`${JSON.stringify(text.slice(0, 20))} is not a number`)
  return Number(text)
}

const tooLong = (): TsbuildError => malformed(`it has more than ${MAX_EXTENDED} bytes`)

function malformed(what: string): TsbuildError {
  return new TsbuildError('ARCHIVE_INVALID', `invalid tar: the map of a sparse file: ${what}`)
}
