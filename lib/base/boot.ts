// The machine's current boot. What was written before a power cut is known by belonging to another boot.
import { createHash, randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { ifExists } from './errno.ts'

const BOOT_ID = '/proc/sys/kernel/random/boot_id'

/**
 * A short name of the current boot, for names of files. Where the system does not tell the boot, every call gives
 * another name, so that nothing counts as written in the current one.
 */
export function bootName(file: string = BOOT_ID): string {
  const id = ifExists(() => readFileSync(file, 'utf8').trim())
  return createHash('sha256')
    .update(id || randomUUID())
    .digest('hex')
    .slice(0, 8)
}
