// Temporary files of the store. Their names show which of them no process will finish.
import { rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { parseProcessMark, processMark, stateOfProcess } from '../base/process-mark.ts'
import { makeDirectory, namesIn, storeIO } from './atomic-files.ts'

const DAY = 86_400_000
/** A live process may keep a file for long, but not for ever. */
const ALIVE_LIMIT = 7 * DAY
/** Process ids of another machine or container mean nothing here, so only the age of their files counts. */
const ELSEWHERE_LIMIT = DAY

/** The temporary files of one opened store. */
export interface TemporaryFiles {
  /** A path that no other process and no other call uses. Nothing is created. */
  path(): string
  /** A new directory, removed when {@link TemporaryFiles.close} is called or the process exits. */
  directory(): string
  /** Removes all files and directories that were handed out. Idempotent. */
  close(): void
}

/** The cleanups to run when the process exits. They share one listener, since a process may open many stores. */
const open = new Set<() => void>()

function closeAll(): void {
  for (const close of open) close()
}

/**
 * Opens `directory` for temporary files, and removes those that dead processes left there. `prefix` names the process
 * that the files end with.
 */
export function openTemporaryFiles(directory: string, prefix: string = processMark()): TemporaryFiles {
  storeIO(`creating ${JSON.stringify(directory)}`, () => makeDirectory(directory))
  removeStale(directory)
  let count = 0
  const path = (): string => join(directory, `${prefix}-${count++}`)
  const close = (): void => {
    open.delete(close)
    if (open.size === 0) process.removeListener('exit', closeAll)
    for (const name of namesIn(directory)) {
      if (name.startsWith(`${prefix}-`)) rmSync(join(directory, name), { recursive: true, force: true })
    }
  }
  // This listener handles process.exit(). After a killing signal, removeStale() cleans up in the next process.
  if (open.size === 0) process.once('exit', closeAll)
  open.add(close)
  return {
    path,
    directory: () => {
      const created = path()
      storeIO(`creating ${JSON.stringify(created)}`, () => makeDirectory(created))
      return created
    },
    close,
  }
}

function removeStale(directory: string): void {
  for (const name of staleNames(directory)) {
    const path = join(directory, name)
    storeIO(`removing ${JSON.stringify(path)}`, () => rmSync(path, { recursive: true, force: true }))
  }
}

/** The temporary files that no process will finish: their process is dead, or they are old. */
export function staleNames(directory: string): readonly string[] {
  return namesIn(directory).filter((name) => {
    const modified = statSync(join(directory, name), { throwIfNoEntry: false })?.mtimeMs
    return modified !== undefined && Date.now() - modified > limitOf(name)
  })
}

/** The age in milliseconds from which on a temporary file is stale. */
function limitOf(name: string): number {
  const maker = parseProcessMark(name.slice(0, name.lastIndexOf('-')))
  switch (maker && stateOfProcess(maker)) {
    case 'dead':
      return -Infinity
    case 'alive':
      return ALIVE_LIMIT
    default:
      return ELSEWHERE_LIMIT
  }
}
