// The directories of `--mount=type=cache` on the host, which outlive steps and builds.
import { createHash } from 'node:crypto'
import { chmodSync, chownSync, existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { RequestedMount } from '../protocol.ts'
import { removeTree } from '../root/remove-tree.ts'
import { type Lock, lock, tryLock } from './file-lock.ts'

/** The file beside the directories of a cache that describes it. */
export const DESCRIPTION = 'description.json'

export interface CacheDirectory {
  readonly path: string
  /** Releases the lock, if there is one. */
  release(): void
}

type CacheRequest = Extract<RequestedMount, { kind: 'cache' }>

export interface OpenCacheOptions {
  /** Whether the directory can have every owner. */
  readonly owners: boolean
  readonly signal: AbortSignal
  /** Makes an empty directory on the same disk. */
  readonly temporary: () => string
  /** Fills a new cache, given as an empty directory. */
  readonly fill: (directory: string) => Promise<void>
  /** Keeps a directory from being removed while this process runs. */
  readonly keep: (path: string) => void
  /** Called when a locked cache is in use. */
  readonly onWait?: () => void
}

/**
 * Opens the directory of a cache, and makes it if it is new. `shared` opens the one directory, `locked` waits until
 * nobody else holds it, `private` opens the first one that nobody holds. `directory` contains all caches. Rejects with
 * the signal's reason while it waits.
 */
export async function openCache(
  directory: string,
  request: CacheRequest,
  options: OpenCacheOptions,
): Promise<CacheDirectory> {
  const name = createHash('sha256').update(request.id).digest('hex').slice(0, 16)
  const copies = join(directory, name)
  options.keep(copies)
  mkdirSync(copies, { recursive: true, mode: 0o700 })
  // The file tells which cache this is, and its time is that of the last use.
  writeFileSync(join(copies, DESCRIPTION), JSON.stringify({ id: request.id, target: request.target }), { mode: 0o600 })
  const { at, held } = await choose(copies, request.sharing, options)
  const path = join(copies, at)
  try {
    if (!existsSync(path)) await create(path, request, options)
    return { path, release: () => held?.release() }
  } catch (error) {
    held?.release()
    throw error
  }
}

async function choose(
  copies: string,
  sharing: CacheRequest['sharing'],
  { signal, onWait }: OpenCacheOptions,
): Promise<{ readonly at: string; readonly held: Lock | undefined }> {
  if (sharing === 'shared') return { at: '0', held: undefined }
  if (sharing === 'locked') return { at: '0', held: await lock(lockFile(copies, 0), signal, onWait) }
  for (let at = 0; ; at++) {
    const held = await tryLock(lockFile(copies, at))
    if (held) return { at: String(at), held }
  }
}

const lockFile = (copies: string, at: number): string => join(copies, `${at}.flock`)

async function create(path: string, request: CacheRequest, options: OpenCacheOptions): Promise<void> {
  const fresh = options.temporary()
  await options.fill(fresh)
  if (request.layers.length === 0) {
    if (options.owners) chownSync(fresh, request.uid, request.gid)
    // chown(2) clears set-id bits, and mkdir(2) applies the umask.
    chmodSync(fresh, request.mode)
  }
  try {
    renameSync(fresh, path)
  } catch (error) {
    removeTree(fresh)
    // Another builder was faster, and its directory is as good.
    if (!existsSync(path)) throw error
  }
}
