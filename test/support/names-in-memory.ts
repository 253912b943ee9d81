// A store of another kind than those in a directory: names, records and encodings are in memory, and blobs are files of
// a directory that is not a store.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { TsbuildError } from '../../lib/base/errors.ts'
import type {
  BlobWriter,
  BuildRecord,
  CacheKey,
  ContentReader,
  Descriptor,
  DiffID,
  Digest,
  LayerEncoding,
  Store,
  StoredReference,
} from '../../lib/index.ts'
import { sha256, verifyBytes } from '../../lib/oci/digest.ts'

type Wanted = Pick<Descriptor, 'digest' | 'size'>

/** A class, so that its methods are not own properties. */
export class MemoryNames implements Store {
  readonly root = undefined
  readonly #directory: string
  readonly #sizes = new Map<Digest, number>()
  readonly #names = new Map<string, Descriptor>()
  readonly #records = new Map<CacheKey, BuildRecord>()
  readonly #encodings = new Map<DiffID, LayerEncoding[]>()
  readonly #derived = new Map<string, Uint8Array>()
  #scratch = 0
  closed = 0

  constructor(directory: string) {
    this.#directory = directory
  }

  readonly pending = { persist: async (): Promise<void> => {} }
  readonly references = {
    list: (): readonly StoredReference[] => [...this.#names].map(([name, descriptor]) => ({ name, descriptor })),
    find: (name: string): Descriptor | undefined => this.#names.get(name),
    set: (name: string, descriptor: Descriptor): void => void this.#names.set(name, descriptor),
    remove: (name: string): boolean => this.#names.delete(name),
  }
  readonly records = {
    find: (key: CacheKey): BuildRecord | undefined => this.#records.get(key),
    save: (record: BuildRecord): void => void this.#records.set(record.key, record),
  }
  readonly layers = {
    encodings: (diffID: DiffID): readonly LayerEncoding[] => this.#encodings.get(diffID) ?? [],
    add: (diffID: DiffID, encoding: LayerEncoding): void => {
      this.#encodings.set(diffID, [...(this.#encodings.get(diffID) ?? []), encoding])
    },
  }

  has(digest: Digest): boolean {
    return this.#sizes.has(digest)
  }
  holds({ digest, size }: Wanted): boolean {
    return this.#sizes.get(digest) === size
  }
  size(digest: Digest): number {
    const size = this.#sizes.get(digest)
    if (size === undefined) throw new TsbuildError('BLOB_NOT_FOUND', `blob ${digest} is not in memory`)
    return size
  }
  plannedPath(digest: Digest): string {
    return join(this.#directory, digest.replace(':', '-'))
  }
  path(digest: Digest): string {
    this.size(digest)
    return this.plannedPath(digest)
  }
  freeSpace(): number {
    return 1 << 30
  }
  async *open(descriptor: Wanted): AsyncIterable<Uint8Array> {
    yield await this.read(descriptor)
  }
  openUnhashed(descriptor: Wanted): AsyncIterable<Uint8Array> {
    return this.open(descriptor)
  }
  async read(descriptor: Wanted): Promise<Uint8Array> {
    const bytes = readFileSync(this.path(descriptor.digest))
    verifyBytes(bytes, descriptor)
    return bytes
  }
  put(bytes: Uint8Array, mediaType: string): Descriptor {
    const digest = sha256(bytes)
    writeFileSync(this.plannedPath(digest), bytes)
    this.#sizes.set(digest, bytes.byteLength)
    return { mediaType, digest, size: bytes.byteLength }
  }
  createWriter(): BlobWriter {
    const chunks: Uint8Array[] = []
    return {
      write: (chunk) => void chunks.push(Uint8Array.from(chunk)),
      commit: () => {
        const { digest, size } = this.put(Buffer.concat(chunks), '')
        return { digest, size }
      },
      abort: () => {},
    }
  }
  async copyBlob(from: ContentReader, descriptor: Descriptor): Promise<void> {
    const chunks: Uint8Array[] = []
    for await (const chunk of from.open(descriptor)) chunks.push(Uint8Array.from(chunk))
    this.put(Buffer.concat(chunks), descriptor.mediaType)
  }
  readDerived(kind: string, digest: Digest): Uint8Array | undefined {
    return this.#derived.get(`${kind} ${digest}`)
  }
  writeDerived(kind: string, digest: Digest, bytes: Uint8Array | Iterable<Uint8Array>): void {
    const pieces = bytes instanceof Uint8Array ? [bytes] : [...bytes].map((piece) => Uint8Array.from(piece))
    this.#derived.set(`${kind} ${digest}`, Buffer.concat(pieces))
  }
  temporary(): string {
    const directory = join(this.#directory, `scratch-${this.#scratch++}`)
    mkdirSync(directory)
    return directory
  }
  close(): void {
    this.closed++
    rmSync(this.#directory, { recursive: true, force: true })
  }
}
