import { createHash, type Hash, hash } from 'node:crypto'
import { TsbuildError } from '../../base/errors.ts'
import type { Entry, LayerEntry, LayerIndex } from '../entry.ts'
import { SparseExpander, type SparseMap, storedSize } from '../tar/sparse-map.ts'
import { TarParser } from '../tar/tar-parser.ts'

/** More than any image has; without a bound, a small archive could fill the memory. */
const MAX_ENTRIES = 2_000_000
const MAX_METADATA = 512 * 1024 * 1024
/** The most components of paths that the previous path does not share: each may become a directory. */
const MAX_NAMES = 3 * MAX_ENTRIES

const EMPTY_SHA256: string = hash('sha256', '', 'hex')

/** The memory that an extent of a sparse file takes, in bytes, estimated. */
const EXTENT_SIZE = 64

/** A file whose content is still coming. */
interface OpenFile {
  readonly entry: Entry
  readonly offset: number
  left: number
  hasher: Hash | undefined
  readonly sparse: { readonly map: SparseMap; readonly expander: SparseExpander } | undefined
}

/**
 * Makes the index of a tar that is pushed through it, with the hashes of its files. Errors as {@link TarParser}
 * does.
 */
export class IndexBuilder {
  readonly #parser = new TarParser({
    entry: (entry, offset, sparse) => this.#add(entry, offset, sparse),
    data: (bytes) => this.#data(bytes),
  })
  readonly #entries: LayerEntry[] = []
  #metadata = 0
  #names = 0
  #lastPath = ''
  #open: OpenFile | undefined

  push(chunk: Buffer): void {
    this.#parser.push(chunk)
  }

  /** The index, once everything is pushed. */
  finish(): LayerIndex {
    this.#parser.finish()
    return { entries: this.#entries, size: this.#parser.position }
  }

  #add(entry: Entry, offset: number, sparse: SparseMap | undefined): void {
    this.#metadata += metadataSize(entry) + EXTENT_SIZE * (sparse?.length ?? 0)
    this.#names += newNames(entry.path, this.#lastPath)
    this.#lastPath = entry.path
    if (this.#entries.length >= MAX_ENTRIES || this.#metadata > MAX_METADATA || this.#names > MAX_NAMES) {
      throw new TsbuildError('ARCHIVE_INVALID', `invalid tar: more than ${MAX_ENTRIES} entries or too much metadata`)
    }
    if (sparse) {
      const hasher = createHash('sha256')
      const expander = new SparseExpander(entry.size, sparse, (bytes) => void hasher.update(bytes))
      this.#open = { entry, offset, left: storedSize(entry.size, sparse), hasher, sparse: { map: sparse, expander } }
      if (this.#open.left === 0) this.#close(this.#open)
    } else if (entry.size > 0) this.#open = { entry, offset, left: entry.size, hasher: undefined, sparse: undefined }
    else this.#entries.push({ ...entry, offset, sha256: entry.type === 'file' ? EMPTY_SHA256 : undefined })
  }

  #data(bytes: Buffer): void {
    const open = this.#open
    if (open === undefined) return
    open.left -= bytes.length
    // Small files come in one piece.
    if (open.hasher === undefined && open.left === 0) {
      this.#close(open, hash('sha256', bytes, 'hex'))
      return
    }
    if (open.sparse) open.sparse.expander.push(bytes)
    else open.hasher = (open.hasher ?? createHash('sha256')).update(bytes)
    if (open.left === 0) this.#close(open)
  }

  #close({ entry, offset, hasher, sparse }: OpenFile, known?: string): void {
    sparse?.expander.finish()
    const sha256 = known ?? hasher?.digest('hex')
    this.#entries.push(sparse ? { ...entry, offset, sha256, sparse: sparse.map } : { ...entry, offset, sha256 })
    this.#open = undefined
  }
}

/** How many of a path's names come after what it shares with another. */
function newNames(path: string, before: string): number {
  let count = 1
  let same = 0
  while (same < path.length && path.charCodeAt(same) === before.charCodeAt(same)) same++
  for (let at = path.indexOf('/', same); at !== -1; at = path.indexOf('/', at + 1)) count++
  return count
}

function metadataSize(entry: Entry): number {
  let size = entry.path.length + (entry.linkname?.length ?? 0)
  for (const [name, value] of Object.entries(entry.xattrs ?? {})) size += name.length + value.length
  return size
}
