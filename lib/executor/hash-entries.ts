// The digests of the files of a step, from what is known of them, or from reading them.
import { openStatCache, type StatCache } from '../context/stat-cache.ts'
import type { SourceEntry } from '../layers/entry.ts'
import { hashContent } from '../layers/hash-content.ts'
import { DigestColumn } from '../layers/index/digest-column.ts'
import type { Session } from './session.ts'

/** The entries of a step. Digests by status are kept apart by the root and the step. */
export interface HashedStep {
  /** `COPY`, `ADD`, `WORKDIR`, … */
  readonly step: string
  /** The operation without its content: two steps of one definition may give different layers. */
  readonly definition: string
  readonly entries: readonly SourceEntry[]
  /** The directory that entries with a status come from. */
  readonly root: string | undefined
}

export interface HashOptions {
  /** Whether files are read whose digest is not known. Else such files get none. */
  readonly readsAll: boolean
  /** Whether a digest that is known by the status of a file doesn't count. */
  readonly ignoresStatus?: boolean
}

/** The digests, in the order of the entries, and the digests by status that they are saved to. */
export function hashEntries(
  { entries, root, step, definition }: HashedStep,
  { store, signal }: Pick<Session, 'store' | 'signal'>,
  { readsAll, ignoresStatus = false }: HashOptions,
): { readonly digests: DigestColumn; readonly stats: StatCache | undefined } {
  const stats = root === undefined ? undefined : openStatCache(store, `${root}\0${step} ${definition}`)
  const digests = new DigestColumn()
  entries.forEach((entry, at) => {
    const digest = knownDigest(entry, ignoresStatus ? undefined : stats)
    if (digest !== undefined) digests.set(at, digest)
  })
  if (readsAll) {
    entries.forEach((entry, at) => {
      if (digests.has(at) || entry.type !== 'file') return
      digests.set(at, hashContent(entry))
      signal.throwIfAborted()
    })
  }
  return { digests, stats }
}

function knownDigest(entry: SourceEntry, stats: StatCache | undefined): string | Uint8Array | undefined {
  const { sha256 } = entry
  if (sha256 !== undefined || entry.type !== 'file') return sha256
  // Each property is read once, since an entry may compute it on every access.
  const { content } = entry
  if (content?.kind === 'bytes') return hashContent(entry)
  const { stat } = entry
  return stats && stat && content?.kind === 'file' ? stats.lookup(content.path, entry.size, stat) : undefined
}
