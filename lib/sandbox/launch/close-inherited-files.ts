// Closes descriptors that this process inherited, so that commands don't inherit them in turn.
import { closeSync, readdirSync, readFileSync } from 'node:fs'

/** O_CLOEXEC, the same on all processors that Node.js supports on Linux. */
const CLOSE_ON_EXEC = 0o2000000

/**
 * Closes the descriptors above 2 that programs started from here would inherit, but for those of `keep`, which this
 * process was given on purpose. Node.js opens its own with O_CLOEXEC, so that these came from outside. To be called
 * once, when a process that runs commands starts.
 */
export function closeInheritedFiles(keep: readonly number[] = []): void {
  for (const name of readdirSync('/proc/self/fd')) {
    const descriptor = Number(name)
    if (descriptor > 2 && !keep.includes(descriptor) && isInherited(descriptor)) closeSync(descriptor)
  }
}

function isInherited(descriptor: number): boolean {
  let info: string
  try {
    info = readFileSync(`/proc/self/fdinfo/${descriptor}`, 'latin1')
  } catch {
    // The descriptor of the listing itself is closed by now.
    return false
  }
  const flags = /^flags:\s*([0-7]+)$/m.exec(info)?.[1]
  return flags !== undefined && (Number.parseInt(flags, 8) & CLOSE_ON_EXEC) === 0
}
