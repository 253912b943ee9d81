// The moment in which a process takes unused parts out of a store. It lasts for milliseconds: processes that begin to
// use a part wait for its end, and find the part or don't.
import { closeSync, existsSync, readdirSync, renameSync, rmdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { hasErrno, ifExists } from '../../base/errno.ts'
import { TsbuildError } from '../../base/errors.ts'
import { parseProcessMark, processMark, stateOfProcess } from '../../base/process-mark.ts'
import { createFile, makeDirectory, storeIO } from '../atomic-files.ts'

/** The directory that is there while a process decides, with a file of the process's name. */
const REMOVING = 'removing'

/** Milliseconds after which a removal gives up, and after which one of another machine counts as dead. */
const LIMIT = 10_000

/** Milliseconds between two looks. */
const PAUSE = 2

/**
 * Runs an action while no process begins to use another part of the store, and no other process removes any. The action
 * is synchronous, since this process may have to wait as well; it calls `inTime` before each removal, and stops when
 * that is false. Errors with `STORE_IO`.
 */
export function whileRemoving<T>(directory: string, action: (inTime: () => boolean) => T): T {
  makeDirectory(directory)
  const mark = processMark()
  const own = join(directory, `${mark}-removal`)
  const shared = join(directory, REMOVING)
  const started = take(directory, { own, shared, mark })
  try {
    return action(() => Date.now() - started < LIMIT / 2)
  } finally {
    clear(shared, mark)
  }
}

/** Waits until no process is removing parts. Errors with `STORE_IO` if that takes too long. */
export function waitForRemoval(directory: string): void {
  const shared = join(directory, REMOVING)
  if (!existsSync(shared)) return
  const end = Date.now() + 3 * LIMIT
  while (isRemoving(shared)) {
    if (Date.now() > end) {
      throw new TsbuildError('STORE_IO', 'another process is removing parts of the store, and does not go on', {
        hint: `end that process, or remove ${JSON.stringify(shared)}`,
      })
    }
    Atomics.wait(PAUSED, 0, 0, PAUSE)
  }
}

const PAUSED = new Int32Array(new SharedArrayBuffer(4))

/** Makes the shared directory this process's: a directory with a file in it replaces none, or an empty one. */
function take(directory: string, { own, shared, mark }: { own: string; shared: string; mark: string }): number {
  storeIO(`creating ${JSON.stringify(own)}`, () => {
    makeDirectory(own)
    closeSync(createFile(join(own, mark)))
  })
  try {
    for (;;) {
      waitForRemoval(directory)
      const started = Date.now()
      try {
        renameSync(own, shared)
        return started
      } catch (error) {
        if (!hasErrno(error, 'ENOTEMPTY', 'EEXIST', 'EPERM')) throw error
        if (!existsSync(shared)) throw error
      }
    }
  } catch (error) {
    rmSync(own, { recursive: true, force: true })
    return storeIO(`creating ${JSON.stringify(shared)}`, () => {
      throw error
    })
  }
}

/** Whether a living process is removing. What a dead one left is removed. */
function isRemoving(shared: string): boolean {
  const marks = ifExists(() => readdirSync(shared)) ?? []
  for (const mark of marks) {
    if (isGoingOn(shared, mark)) return true
    clear(shared, mark)
  }
  return false
}

function isGoingOn(shared: string, mark: string): boolean {
  const parsed = parseProcessMark(mark)
  const state = parsed && stateOfProcess(parsed)
  if (state === 'alive') return true
  if (state === 'dead') return false
  const modified = statSync(join(shared, mark), { throwIfNoEntry: false })?.mtimeMs
  return modified !== undefined && Date.now() - modified < LIMIT
}

/** Removes the file of one process, and the directory if that leaves it empty: it may be another's by now. */
function clear(shared: string, mark: string): void {
  rmSync(join(shared, mark), { force: true })
  try {
    rmdirSync(shared)
  } catch (error) {
    if (!hasErrno(error, 'ENOENT', 'ENOTEMPTY', 'EEXIST')) throw error
  }
}
