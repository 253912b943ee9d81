// ADD of a git URL: the checkout of a commit, as a plain tar in the store.
import { rmSync } from 'node:fs'
import type { GitUrl } from '../../base/git-url.ts'
import { cacheKey, KEY_VERSION } from '../../cache/cache-key.ts'
import type { Store } from '../../cache/store.ts'
import { openDirectory } from '../../context/directory-tree.ts'
import { checkoutCommit } from '../../context/git/checkout-commit.ts'
import { type ResolvedCommit, resolveCommit } from '../../context/git/resolve-commit.ts'
import type { GitCommand } from '../../context/git/run-git.ts'
import { toSourceEntry } from '../../layers/archive/open-archive.ts'
import type { SourceEntry } from '../../layers/entry.ts'
import { entryWith } from '../../layers/entry-with.ts'
import type { FileTree } from '../../layers/file-tree.ts'
import { indexLayer } from '../../layers/index/index-layer.ts'
import { treeEntries } from '../../layers/union/tree-entries.ts'
import { writeLayer } from '../../layers/write-layer.ts'
import { isDigest } from '../../oci/digest.ts'
import { layerMediaType } from '../../oci/media-types.ts'
import type { CacheKey, DiffID } from '../../oci/types.ts'
import { archiveTree } from '../copy/archive-tree.ts'
import type { RemoteAccess } from './remote-access.ts'
import { gitAuthorization } from './source-credentials.ts'

export interface RemoteGitOptions {
  readonly store: Store
  readonly keepGitDir: boolean
  /** Whether files have the time of the commit instead of the time of the checkout. */
  readonly commitTime?: boolean | undefined
  readonly access: RemoteAccess
  readonly signal?: AbortSignal | undefined
}

/** A checkout in the store, as a plain tar. */
interface Snapshot {
  readonly diffID: DiffID
  readonly size: number
  /** Seconds since 1970: the time of all its files. */
  readonly time: number
}

/**
 * The files of a git URL, owned by 0:0, with modes 0644, 0755 and 0777. The remote is asked which commit its ref is
 * now, unless the URL has a full commit; each commit is fetched once. Errors as {@link resolveCommit} and
 * {@link checkoutCommit} do.
 */
export async function openRemoteGit(url: GitUrl, options: RemoteGitOptions): Promise<FileTree> {
  const { store, access, signal } = options
  const scratch = store.temporary()
  try {
    const authorization = authorizationFor(url, options)
    const resolved = await resolveCommit(url, { cwd: scratch, signal, env: access.env, authorization })
    const parts = snapshotParts(url, resolved, options)
    const key = cacheKey('git', parts)
    const known = findSnapshot(key, store)
    const snapshot = known ?? (await takeSnapshot(url, resolved, scratch, options))
    if (!known) {
      const { diffID, size, time } = snapshot
      const created = new Date(access.clock.now()).toISOString()
      store.records.save({ key, version: KEY_VERSION, step: 'git', created, parts, result: { diffID, size, time } })
    }
    return await openSnapshot(snapshot, options)
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
}

function authorizationFor({ remote }: GitUrl, { access }: RemoteGitOptions): GitCommand['authorization'] {
  const header = gitAuthorization(remote, access)
  return header === undefined ? undefined : { remote, header }
}

/** The parts of the cache key. The remote is one, since submodules may be relative to it; credentials are not. */
function snapshotParts(
  url: GitUrl,
  { object, commit, ref }: ResolvedCommit,
  { keepGitDir, commitTime = false }: RemoteGitOptions,
): { readonly label: string; readonly value: string }[] {
  const remote = url.remote.replace(/^([a-z]+:\/\/)[^/]*@/, '$1')
  return [
    { label: 'remote', value: remote },
    { label: 'commit', value: keepGitDir ? `${object} ${ref ?? ''}` : commit },
    { label: 'subdirectory', value: url.subdir ?? '' },
    { label: 'submodules', value: String(url.submodules ?? true) },
    { label: '.git', value: String(keepGitDir) },
    { label: 'times', value: commitTime ? 'commit' : 'checkout' },
  ]
}

function findSnapshot(key: CacheKey, store: Store): Snapshot | undefined {
  const result = store.records.find(key)?.result
  if (typeof result !== 'object' || result === null || Array.isArray(result)) return undefined
  const { diffID, size, time } = result as Readonly<Record<string, unknown>>
  if (!isDigest(diffID) || typeof size !== 'number' || typeof time !== 'number') return undefined
  return store.holds({ digest: diffID, size }) ? { diffID: diffID as DiffID, size, time } : undefined
}

async function takeSnapshot(
  url: GitUrl,
  resolved: ResolvedCommit,
  scratch: string,
  options: RemoteGitOptions,
): Promise<Snapshot> {
  const { store, keepGitDir, commitTime = false, access, signal } = options
  const authorization = authorizationFor(url, options)
  const { directory, committed } = await checkoutCommit(url, resolved, scratch, {
    keepGitDir,
    signal,
    env: access.env,
    authorization,
  })
  const time = commitTime ? committed : Math.floor(access.clock.now() / 1000)
  const entries = snapshotEntries(openDirectory(directory), { keepGitDir, mtime: time })
  const { diffID, size } = await writeLayer(entries, store, { compression: { algorithm: 'uncompressed' }, signal })
  return { diffID, size, time }
}

/** The entries without the `.git` files of submodules, which lead to repositories outside the checkout. */
function* snapshotEntries(
  tree: FileTree,
  { keepGitDir, mtime }: { readonly keepGitDir: boolean; readonly mtime: number },
): Generator<SourceEntry> {
  for (const entry of treeEntries(tree)) {
    if (keepGitDir || !/(?:^|\/)\.git(?:\/|$)/.test(entry.path))
      yield entryWith(entry, { mtime, mode: usualMode(entry) })
  }
}

/** The mode of a checkout with umask 022, whatever the umask of this process is. */
function usualMode({ type, mode }: SourceEntry): number {
  if (type === 'symlink') return 0o777
  const readable = (mode >> 6) & 0o5
  return (mode & 0o700) | (readable << 3) | readable
}

async function openSnapshot({ diffID, size, time }: Snapshot, options: RemoteGitOptions): Promise<FileTree> {
  const { store, signal } = options
  const descriptor = { mediaType: layerMediaType('uncompressed'), digest: diffID, size }
  const { entries } = await indexLayer(store, { diffID, descriptor }, { signal })
  const path = store.path(diffID)
  const withContent = entries.map((entry) => toSourceEntry(entry, path))
  return archiveTree(withContent, time)
}
