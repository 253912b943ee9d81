// Locks between processes: flock(2) on a file that stays. The kernel releases a lock when its holder dies.
import { spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { TsbuildError } from '../../../base/errors.ts'
import { findProgram } from '../../../base/find-program.ts'
import { findHelper } from '../../../sandbox/native/find-helper.ts'

export interface Lock {
  /** Idempotent. */
  release(): void
}

/** Takes the lock of a file, which is made if it is missing; undefined if it is held. Errors as {@link lock}. */
export async function tryLock(path: string): Promise<Lock | undefined> {
  return await acquire(path, { wait: false })
}

/**
 * Waits for the lock of a file and takes it. Calls `onWait` once if it has to wait. Rejects with the signal's reason,
 * and with `SANDBOX_FAILED` where no program can lock.
 */
export async function lock(path: string, signal: AbortSignal, onWait: () => void = () => {}): Promise<Lock> {
  signal.throwIfAborted()
  const taken = await acquire(path, { wait: false })
  if (taken) return taken
  onWait()
  const waited = await acquire(path, { wait: true, signal })
  if (waited) return waited
  throw new Error('bug: waited for a lock without getting it')
}

interface Acquire {
  readonly wait: boolean
  readonly signal?: AbortSignal
}

async function acquire(path: string, options: Acquire): Promise<Lock | undefined> {
  // A lock belongs to an open file, which this process shares with the program that locks: it lasts until both have
  // closed the file. Writable, since NFS locks no other files.
  let file: number | undefined = openSync(path, 'a', 0o600)
  const release = (): void => {
    if (file !== undefined) closeSync(file)
    file = undefined
  }
  try {
    if (await lockShared(file, path, options)) return { release }
  } catch (error) {
    release()
    throw error
  }
  release()
  return undefined
}

/** Whether the file is locked now. */
function lockShared(file: number, path: string, { wait, signal }: Acquire): Promise<boolean> {
  const [program, ...args] = lockCommand({ wait })
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { env: {}, stdio: ['ignore', 'ignore', 'pipe', file] })
    let stderr = ''
    child.stderr?.on('data', (chunk: Buffer) => {
      stderr += chunk.toString()
    })
    const stop = (): void => {
      child.kill('SIGKILL')
    }
    signal?.addEventListener('abort', stop)
    child.once('error', (cause) => reject(lockFailed(path, cause.message, cause)))
    child.once('close', (code) => {
      signal?.removeEventListener('abort', stop)
      if (signal?.aborted) reject(signal.reason)
      else if (code === 0 || (code === 1 && !wait)) resolve(code === 0)
      else reject(lockFailed(path, stderr.trim() || `${program} ended with ${code}`))
    })
    if (signal?.aborted) stop()
  })
}

/** A command that locks the open file of descriptor 3; without `wait` it exits with 1 if the lock is held. */
function lockCommand({ wait }: { readonly wait: boolean }): readonly [string, ...string[]] {
  const helper = findHelper()
  if (helper !== undefined) return [helper, 'lock', wait ? 'wait' : 'try']
  return [findProgram('flock') ?? 'flock', '-x', ...(wait ? [] : ['-n']), '3']
}

function lockFailed(path: string, reason: string, cause?: unknown): TsbuildError {
  return new TsbuildError('SANDBOX_FAILED', `cannot lock ${JSON.stringify(path)}: ${reason}`, {
    hint: 'locked caches need the native helper, or flock of util-linux or busybox',
    cause,
  })
}
