// The moment in which a process takes unused parts out of a store. It lasts for milliseconds: processes that begin to
// use a part wait for its end, and find the part or don't.
//
// A file without contents goes from hand to hand by renaming, which also works on a full disk: its name is that of the
// process that removes, or `free`.
import { closeSync, existsSync, readdirSync, renameSync, rmSync, statSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { hasErrno, ifExists, isMissingFile } from '../../base/errno.ts'
import { TsbuildError } from '../../base/errors.ts'
import { parseProcessMark, processMark, stateOfProcess } from '../../base/process-mark.ts'
import { createFile, makeDirectory, storeIO } from '../atomic-files.ts'

/** The directory of the file. */
const REMOVING = 'removing'
const FREE = 'free'

/** Milliseconds after which a removal gives up, and after which one of another machine counts as dead. */
const LIMIT = 10_000

/** Milliseconds between two looks. */
const PAUSE = 2

/** Makes the file in the directory of the leases, if it isn't there. Errors with `STORE_IO`. */
export function prepareRemovals(directory: string): void {
  const shared = join(directory, REMOVING)
  if (existsSync(shared)) return
  // A directory with a file in it replaces none, so that there never are two files.
  const own = join(directory, `${processMark()}-removing`)
  storeIO(`creating ${JSON.stringify(shared)}`, () => {
    makeDirectory(own)
    closeSync(createFile(join(own, FREE)))
    try {
      renameSync(own, shared)
    } catch (error) {
      rmSync(own, { recursive: true, force: true })
      if (!hasErrno(error, 'ENOTEMPTY', 'EEXIST')) throw error
    }
  })
}

/**
 * Runs an action while no process begins to use another part of the store, and no other process removes any. The action
 * is synchronous, since this process may have to wait as well; it calls `inTime` before each removal, and stops when
 * that is false. Errors with `STORE_IO`.
 */
export function whileRemoving<T>(directory: string, action: (inTime: () => boolean) => T): T {
  prepareRemovals(directory)
  const shared = join(directory, REMOVING)
  const mark = processMark()
  const end = Date.now() + 3 * LIMIT
  while (!take(shared, mark)) wait(shared, end)
  const started = Date.now()
  try {
    return action(() => Date.now() - started < LIMIT / 2)
  } finally {
    pass(shared, mark, FREE)
  }
}

/** Waits until no process is removing parts. Errors with `STORE_IO` if that takes too long. */
export function waitForRemoval(directory: string): void {
  const shared = join(directory, REMOVING)
  const end = Date.now() + 3 * LIMIT
  while (!existsSync(join(shared, FREE)) && isRemoving(shared)) wait(shared, end)
}

function wait(shared: string, end: number): void {
  if (Date.now() > end) {
    throw new TsbuildError('STORE_IO', 'another process is removing parts of the store, and does not go on', {
      hint: `end that process, or remove ${JSON.stringify(shared)}`,
    })
  }
  Atomics.wait(PAUSED, 0, 0, PAUSE)
}

const PAUSED = new Int32Array(new SharedArrayBuffer(4))

/** Whether the file is this process's now. It may have been that of a dead process. */
function take(shared: string, mark: string): boolean {
  return [FREE, ...holders(shared).filter((holder) => !isGoingOn(shared, holder))].some((from) =>
    pass(shared, from, mark),
  )
}

/** Whether a living process is removing. */
function isRemoving(shared: string): boolean {
  return holders(shared).some((holder) => isGoingOn(shared, holder))
}

function holders(shared: string): readonly string[] {
  return (ifExists(() => readdirSync(shared)) ?? []).filter((name) => name !== FREE)
}

/** Renames the file. False if it has another name by now. */
function pass(shared: string, from: string, to: string): boolean {
  return storeIO(`renaming ${JSON.stringify(join(shared, from))}`, () => {
    try {
      const now = Date.now() / 1000
      utimesSync(join(shared, from), now, now)
      renameSync(join(shared, from), join(shared, to))
      return true
    } catch (error) {
      if (isMissingFile(error)) return false
      throw error
    }
  })
}

function isGoingOn(shared: string, holder: string): boolean {
  const parsed = parseProcessMark(holder)
  const state = parsed && stateOfProcess(parsed)
  if (state === 'alive') return true
  if (state === 'dead') return false
  const modified = statSync(join(shared, holder), { throwIfNoEntry: false })?.mtimeMs
  return modified !== undefined && Date.now() - modified < LIMIT
}
