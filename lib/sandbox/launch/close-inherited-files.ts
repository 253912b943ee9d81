// Keeps descriptors that whoever started this process left open from reaching commands.
import { closeSync, readdirSync, readFileSync } from 'node:fs'

/** O_CLOEXEC on Linux, where all platforms that Node supports agree on it. */
const CLOSE_ON_EXEC = 0o2000000

/**
 * Closes the descriptors above 2 that programs started from here would inherit. All that Node opens itself is closed on exec, so these
 * came from outside. To be called once, when a process that runs commands starts; `keep` are those that it was given on purpose.
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
    // The listing's own descriptor, closed since.
    return false
  }
  const flags = /^flags:\s*([0-7]+)$/m.exec(info)?.[1]
  return flags !== undefined && (Number.parseInt(flags, 8) & CLOSE_ON_EXEC) === 0
}
