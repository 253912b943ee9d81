// The temporary names of outputs, beside the outputs. A killed build leaves such files, each as large as an image.
import { lstatSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { ifAllowed } from '../base/errno.ts'
import { parseProcessMark, processMark, stateOfProcess } from '../base/process-mark.ts'

const PREFIX = '.tsbuild-'

/** The age in milliseconds from which on a name of an older version, which says less of its process, is swept. */
const OLD = 86_400_000

/** A path in a directory that no other process and no other call uses, for an output that is not complete. */
export function temporaryOutput(directory: string): string {
  return join(directory, `${PREFIX}${processMark()}`)
}

/**
 * Removes the outputs in a directory that dead processes left incomplete: those of {@link temporaryOutput}, and files
 * whose names end in a dot and a mark of a process. Files of other users stay, and so do those of processes elsewhere.
 * What can't be removed stays, too: an output that can be written is written.
 */
export function sweepTemporaryOutputs(directory: string): void {
  for (const name of ifAllowed(() => readdirSync(directory)) ?? []) {
    const path = join(directory, name)
    if (isLeft(name, path)) ifAllowed(() => rmSync(path, { recursive: true, force: true }))
  }
}

function isLeft(name: string, path: string): boolean {
  const text = name.startsWith(PREFIX) ? name.slice(PREFIX.length) : name.slice(name.lastIndexOf('.') + 1)
  const mark = parseProcessMark(text)
  if (!mark && !(name.startsWith(PREFIX) && OLDER.test(text))) return false
  const stat = ifAllowed(() => lstatSync(path))
  // In a directory like /tmp another user may have chosen the name.
  if (stat?.uid !== (process.geteuid?.() ?? stat?.uid)) return false
  return mark ? stateOfProcess(mark) === 'dead' : Date.now() - (stat?.mtimeMs ?? Number.NaN) > OLD
}

/** `PID-HEX`, as older versions named their files. */
const OLDER = /^\d+-[0-9a-f]{12}$/
