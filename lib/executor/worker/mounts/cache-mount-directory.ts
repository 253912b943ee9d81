// Directories that outlive steps: `--mount=type=cache`.
import { createHash } from 'node:crypto'
import { chmodSync, chownSync, existsSync, mkdirSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import type { RequestedMount } from '../protocol.ts'
import { removeTree } from '../root/remove-tree.ts'
import { type Lock, lock, tryLock } from './socket-lock.ts'

export interface CacheDirectory {
  readonly path: string
  /** Gives the lock back, if there is one. */
  release(): void
}

type CacheRequest = Extract<RequestedMount, { kind: 'cache' }>

/**
 * The directory of a cache, made if it is new: `fill` then puts into an empty directory what the cache begins with. `shared` takes the
 * one that is there, `locked` waits until nobody else holds it, `private` takes the first that nobody holds. `directory` is relative to
 * the working directory: the paths of locks have to be short.
 */
export async function openCache(
  directory: string,
  request: CacheRequest,
  options: {
    readonly owners: boolean
    readonly signal: AbortSignal
    readonly temporary: () => string
    readonly fill: (directory: string) => Promise<void>
    /** Called when a locked cache is in use. */
    readonly onWait?: () => void
  },
): Promise<CacheDirectory> {
  const name = createHash('sha256').update(request.id).digest('hex').slice(0, 16)
  const place = join(directory, name)
  mkdirSync(place, { recursive: true, mode: 0o700 })
  const { at, held } = await choose(place, request.sharing, options)
  const path = join(place, at)
  try {
    if (!existsSync(path)) await create(path, request, options)
    return { path, release: () => held?.release() }
  } catch (error) {
    held?.release()
    throw error
  }
}

async function choose(
  place: string,
  sharing: CacheRequest['sharing'],
  { signal, onWait }: Pick<Parameters<typeof openCache>[2], 'signal' | 'onWait'>,
): Promise<{ readonly at: string; readonly held: Lock | undefined }> {
  if (sharing === 'shared') return { at: '0', held: undefined }
  if (sharing === 'locked') return { at: '0', held: await lock(join(place, '0.lock'), signal, onWait) }
  for (let at = 0; ; at++) {
    const held = await tryLock(join(place, `${at}.lock`))
    if (held) return { at: String(at), held }
  }
}

async function create(path: string, request: CacheRequest, options: Parameters<typeof openCache>[2]): Promise<void> {
  const fresh = options.temporary()
  await options.fill(fresh)
  if (request.layers.length === 0) {
    if (options.owners) chownSync(fresh, request.uid, request.gid)
    // After the owner, which would clear what it may not keep; and whatever the umask is.
    chmodSync(fresh, request.mode)
  }
  try {
    renameSync(fresh, path)
  } catch (error) {
    removeTree(fresh)
    // Another builder was faster: its directory is as good.
    if (!existsSync(path)) throw error
  }
}
