// Temporary files of the store. Their names show which of them no process will finish.
import { randomBytes } from 'node:crypto'
import { mkdirSync, readlinkSync, rmSync, statSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { errnoOf, hasErrno } from '../base/errno.ts'
import { sha256 } from '../oci/digest.ts'
import { namesIn, storeIO } from './store-file.ts'

const DAY = 86_400_000
/** A live process may keep a file for long, but a reused process id must not keep it for ever. */
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

/** Opens `directory` for temporary files, and removes those that dead processes left there. */
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
  // This listener handles process.exit(). After a killing signal, removeStale() cleans up in the next process.
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

/** The temporary files that no process will finish: their process is dead, or they are old. */
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

/** The prefix of this process's temporary files. It names the process, and no other process uses it. */
export function temporaryPrefix(): string {
  return `${process.pid}-${processSpace()}-${randomBytes(4).toString('hex')}`
}

/** Identifies the machine or container: process ids mean something only within one. */
function processSpace(): string {
  return sha256(`${hostname()} ${pidNamespace()}`).slice(7, 15)
}

function pidNamespace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid')
  } catch (error) {
    // Without /proc, as on macOS, the host's name alone has to identify the machine.
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
