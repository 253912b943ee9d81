// The size of the cache without counting it at each build: the size at the last count, and what was written since.
import { closeSync, existsSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { readIfThere, storeIO, writeAtomically } from '../atomic-files.ts'

export interface Account {
  /** The bytes of the cache when they were counted. */
  readonly counted: number
  /** The time of the count, in milliseconds since 1970. */
  readonly time: number
  /** The bytes that processes wrote to the store since, those of images with names included. */
  readonly written: number
}

/** The bytes that one process writes. */
export interface WrittenBytes {
  add(bytes: number): void
  /** Adds what was written to the account of the store. Returns whether anything was written since the last call. */
  settle(): boolean
}

const accountFile = (root: string): string => join(root, 'usage')

const HEAD = /^tsbuild usage 1 (\d+) (\d+)$/

/** The account of a store; undefined if its cache was never counted, or if the account is damaged. */
export function readAccount(root: string): Account | undefined {
  const [head = '', ...lines] = readIfThere(accountFile(root))?.toString().split('\n') ?? []
  const [, counted, time] = HEAD.exec(head) ?? []
  if (counted === undefined || time === undefined) return undefined
  const written = lines.reduce((sum, line) => sum + (/^\d+$/.test(line) ? Number(line) : 0), 0)
  return { counted: Number(counted), time: Number(time), written }
}

/** Begins a new account with a count. `temporary` is the path of a temporary file on the disk of the store. */
export function writeAccount(root: string, counted: number, temporary: string): void {
  writeAtomically(accountFile(root), temporary, `tsbuild usage 1 ${counted} ${Date.now()}\n`)
}

export function countWrites(root: string): WrittenBytes {
  let written = 0
  return {
    add: (bytes) => {
      written += bytes
    },
    settle: () => {
      if (written === 0) return false
      const file = accountFile(root)
      // Bytes that are written before the first count are in it.
      if (existsSync(file)) append(file, `${written}\n`)
      written = 0
      return true
    },
  }
}

/** Appends a line. Lines of several processes don't mix. */
function append(file: string, line: string): void {
  storeIO(`writing ${JSON.stringify(file)}`, () => {
    const opened = openSync(file, 'a', 0o600)
    try {
      writeSync(opened, line)
    } finally {
      closeSync(opened)
    }
  })
}
