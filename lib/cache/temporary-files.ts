// Temporary files of the store: named so that the next process can tell which ones nobody will finish.
import { randomBytes } from 'node:crypto'
import { mkdirSync, readlinkSync, rmSync, statSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { errnoOf, hasErrno } from '../base/errno.ts'
import { sha256 } from '../oci/digest.ts'
import { namesIn, storeIO } from './store-file.ts'

const DAY = 86_400_000
/** A process that is alive may hold a file for long, but a reused process id must not keep it for ever. */
const ALIVE_LIMIT = 7 * DAY
/** Process ids of another machine or container say nothing here, so only age counts. */
const ELSEWHERE_LIMIT = DAY

/** The temporary files of one opened store. */
export interface TemporaryFiles {
  /** A path that no other process and no earlier call uses; nothing is created. */
  path(): string
  /** A new directory, removed when {@link TemporaryFiles.close} is called or the process exits. */
  directory(): string
  /** Removes everything that was handed out and still is there. Idempotent. */
  close(): void
}

/** What is to be done before the process ends. One listener for all, since a process may open many stores. */
const open = new Set<() => void>()

function closeAll(): void {
  for (const close of open) close()
}

/** Opens `directory` for temporary files and removes those that dead processes left in it. */
export function openTemporaryFiles(directory: string): TemporaryFiles {
  storeIO(`creating ${JSON.stringify(directory)}`, () => mkdirSync(directory, { recursive: true }))
  removeStale(directory)
  const prefix = temporaryPrefix()
  let count = 0
  const path = (): string => join(directory, `${prefix}-${count++}`)
  const close = (): void => {
    open.delete(close)
    if (open.size === 0) process.removeListener('exit', closeAll)
    for (const name of namesIn(directory)) {
      if (name.startsWith(`${prefix}-`)) rmSync(join(directory, name), { recursive: true, force: true })
    }
  }
  // For those who leave by process.exit(); a signal that kills at once is what removeStale() is for.
  if (open.size === 0) process.once('exit', closeAll)
  open.add(close)
  return {
    path,
    directory: () => {
      const created = path()
      storeIO(`creating ${JSON.stringify(created)}`, () => mkdirSync(created))
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

/** Names in a directory of temporary files that nobody will finish: their process is dead, or they are old. */
export function staleNames(directory: string): readonly string[] {
  const here = processSpace()
  return namesIn(directory).filter((name) => {
    const [pid, space] = name.split('-')
    const modified = statSync(join(directory, name), { throwIfNoEntry: false })?.mtimeMs
    if (modified === undefined) return false
    const limit = space !== here ? ELSEWHERE_LIMIT : isAlive(Number(pid)) ? ALIVE_LIMIT : -Infinity
    return Date.now() - modified > limit
  })
}

/** Begins names of temporary files: tells whose they are, and is used by nobody else. */
export function temporaryPrefix(): string {
  return `${process.pid}-${processSpace()}-${randomBytes(4).toString('hex')}`
}

/** Tells machines and containers that share a store from each other: process ids mean something only within one. */
function processSpace(): string {
  return sha256(`${hostname()} ${pidNamespace()}`).slice(7, 15)
}

function pidNamespace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid')
  } catch (error) {
    // No /proc, as on macOS: then the host's name has to do.
    return errnoOf(error) ?? ''
  }
}

function isAlive(pid: number): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 0) return false
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return hasErrno(error, 'EPERM')
  }
}
