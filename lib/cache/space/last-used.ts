// The time of the last use of a file in the store is its modification time: the contents never change.
import { type Stats, utimesSync } from 'node:fs'
import { ifAllowed } from '../../base/errno.ts'

/** Milliseconds: a file that was used this short ago needs no later time. */
const GRAIN = 600_000

/** Notes that a file is used now. A refusal of the system is no error: the time only orders what to remove first. */
export function touchUsed(path: string, { mtimeMs }: Pick<Stats, 'mtimeMs'>): void {
  const now = Date.now()
  if (now - mtimeMs > GRAIN) ifAllowed(() => utimesSync(path, now / 1000, now / 1000))
}
