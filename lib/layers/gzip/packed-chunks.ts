// The compressed chunks of a layer in the store, to be copied into a later layer that has some of the same chunks.
import { closeSync, openSync, readSync } from 'node:fs'
import { crc32 } from 'node:zlib'
import type { ContentStore } from '../../oci/content.ts'
import type { Digest } from '../../oci/types.ts'
import { compressorName } from './deflate-threads.ts'

/** The key of a chunk's plain content; undefined until it is known. */
export interface ChunkIdentity {
  key: string | undefined
}

/** A chunk in a compressed blob. */
export interface PackedChunk {
  readonly identity: ChunkIdentity | undefined
  readonly length: number
  /** The CRC-32 of the compressed bytes, which may be damaged on disk. */
  readonly crc: number
}

export interface PackedChunks {
  /** The compressed bytes of a chunk, if the blob has the chunk and its bytes are undamaged. */
  take(identity: ChunkIdentity): Buffer | undefined
  /** Idempotent. */
  close(): void
}

const KIND = 'chunks'
/** Compressed bytes are a function of content, level, and the program that made them. */
const maker = (level: number): string => `${compressorName()} ${level}`

type Row = readonly [key: string, offset: number, length: number, crc: number]
interface Table {
  readonly maker: string
  readonly rows: readonly Row[]
}

export interface CompressedBlob {
  readonly blob: Digest
  readonly level: number
  /** The offset of the first chunk. */
  readonly start: number
  readonly chunks: readonly PackedChunk[]
}

/** Saves the table of a blob's chunks. */
export function savePackedChunks(
  store: Pick<ContentStore, 'writeDerived'>,
  { blob, level, start, chunks }: CompressedBlob,
): void {
  const rows: Row[] = []
  let offset = start
  for (const { identity, length, crc } of chunks) {
    if (identity?.key !== undefined) rows.push([identity.key, offset, length, crc])
    offset += length
  }
  const table: Table = { maker: maker(level), rows }
  store.writeDerived(KIND, blob, Buffer.from(JSON.stringify(table)))
}

/** The chunks of a blob that was compressed with this level by this program; undefined if they are not known. */
export function openPackedChunks(store: ContentStore, blob: Digest, level: number): PackedChunks | undefined {
  const table = parseTable(store.readDerived(KIND, blob))
  if (table?.maker !== maker(level) || !store.has(blob)) return undefined
  const rows = new Map(table.rows.map((row) => [row[0], row]))
  const file = openSync(store.path(blob), 'r')
  let isOpen = true
  return {
    take: ({ key }) => {
      const row = key === undefined ? undefined : rows.get(key)
      if (!row) return undefined
      const [, offset, length, crc] = row
      const bytes = Buffer.allocUnsafe(length)
      return readSync(file, bytes, 0, length, offset) === length && crc32(bytes) === crc ? bytes : undefined
    },
    close: () => {
      if (isOpen) closeSync(file)
      isOpen = false
    },
  }
}

/** Derived data may hold anything: undefined for anything but a table. */
function parseTable(bytes: Uint8Array | undefined): Table | undefined {
  if (!bytes) return undefined
  try {
    const value = JSON.parse(Buffer.from(bytes).toString('utf8')) as Partial<Table> | null
    const isRow = (row: unknown): row is Row =>
      Array.isArray(row) && typeof row[0] === 'string' && row.slice(1).every((n) => Number.isSafeInteger(n) && n >= 0)
    if (typeof value?.maker !== 'string' || !Array.isArray(value.rows) || !value.rows.every(isRow)) return undefined
    return { maker: value.maker, rows: value.rows }
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}
