// Remembers the content hashes of files on disk, so that a file that didn't change isn't read again.
import { join } from 'node:path'
import { sha256 } from '../oci/digest.ts'
import { decodeStatFile, encodeStatFile, type StatTable } from './stat-file.ts'
import type { Store } from './store.ts'
import { readIfThere } from './store-file.ts'

/** What tells that a file on disk is still the same. Times in milliseconds since 1970. */
export interface FileStat {
  readonly mtimeMs: number
  readonly ctimeMs: number
  readonly ino: number
  readonly dev: number
}

/** Hashes of the files below one directory. Paths are relative to it. */
export interface StatCache {
  /** sha256 of the file's content as hex, if it is known to be unchanged. Fastest in the order of the last run. */
  lookup(path: string, size: number, stat: FileStat): string | undefined
  /** Notes the hash (hex) of content that was read after the stat. */
  record(path: string, size: number, stat: FileStat, sha256: string): void
  /** Keeps what was looked up or recorded since opening, for the next run. Does nothing if that is what is there already. */
  save(): void
}

/** Coarser than the time stamps of any file system in use (FAT: 2 s). */
const MARGIN = 2000

/**
 * Opens the cache for a directory that `id` names. A file whose time stamps are less than two seconds older than this call is
 * not remembered: it could change once more without getting another time stamp (git calls that racily clean). A damaged cache
 * is empty.
 */
export function openStatCache(
  store: Pick<Store, 'root' | 'writeFile'>,
  id: string,
  now: number = Date.now(),
): StatCache {
  const file = join('stat', sha256(id).slice(7))
  const bytes = readIfThere(join(store.root, file))
  const old: StatTable = (bytes && decodeStatFile(bytes)) ?? {
    paths: [],
    numbers: new Float64Array(0),
    digests: Buffer.alloc(0),
  }
  const trustedBefore = now - MARGIN
  const seen = new Uint8Array(old.paths.length)
  /** What to keep, in the order of this run: indexes into the old table, or into the new one by their complement. */
  const order: number[] = []
  const added: { paths: string[]; numbers: number[]; digests: Buffer } = {
    paths: [],
    numbers: [],
    digests: Buffer.alloc(0),
  }
  let cursor = 0
  let byPath: Map<string, number> | undefined

  const find = (path: string): number => {
    if (old.paths[cursor] === path) return cursor
    byPath ??= new Map(old.paths.map((p, index) => [p, index]))
    return byPath.get(path) ?? -1
  }
  return {
    lookup: (path, size, stat) => {
      const index = find(path)
      if (index === -1) return undefined
      cursor = index + 1
      const at = index * 5
      const { numbers: known } = old
      const same =
        known[at] === size &&
        known[at + 1] === stat.mtimeMs &&
        known[at + 2] === stat.ctimeMs &&
        known[at + 3] === stat.ino &&
        known[at + 4] === stat.dev
      if (!same) return undefined
      if (seen[index] === 0) order.push(index)
      seen[index] = 1
      return old.digests.toString('hex', index * 32, index * 32 + 32)
    },
    record: (path, size, stat, digest) => {
      // A path with lone surrogates has no UTF-8 form to be saved in.
      if (stat.mtimeMs >= trustedBefore || stat.ctimeMs >= trustedBefore || !path.isWellFormed()) return
      const at = added.paths.length
      order.push(~at)
      added.paths.push(path)
      added.numbers.push(size, stat.mtimeMs, stat.ctimeMs, stat.ino, stat.dev)
      if (added.digests.length < (at + 1) * 32) added.digests = Buffer.concat([added.digests], (at + 32) * 48)
      added.digests.write(digest, at * 32, 'hex')
    },
    save: () => {
      if (added.paths.length === 0 && order.length === old.paths.length) return
      store.writeFile(file, encodeStatFile(merge(old, added, order)))
    },
  }
}

function merge(
  old: StatTable,
  added: {
    readonly paths: readonly string[]
    readonly numbers: readonly number[]
    readonly digests: Buffer
  },
  order: readonly number[],
): StatTable {
  const paths: string[] = []
  const numbers = new Float64Array(order.length * 5)
  const digests = Buffer.alloc(order.length * 32)
  order.forEach((index, to) => {
    const from = index < 0 ? ~index : index
    const table = index < 0 ? added : old
    paths.push(table.paths[from] ?? '')
    for (let column = 0; column < 5; column++) numbers[to * 5 + column] = table.numbers[from * 5 + column] ?? 0
    table.digests.copy(digests, to * 32, from * 32, from * 32 + 32)
  })
  return { paths, numbers, digests }
}
