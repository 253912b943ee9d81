// Remembers which back-end worked, so that the stronger ones need not fail again at each build.
import { createHash } from 'node:crypto'
import { readFileSync, renameSync, statSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { findProgram } from '../../base/find-program.ts'
import { findHelper, HELPER } from '../native/find-helper.ts'
import type { Isolation, WorkerNamespaces } from '../types.ts'

export interface RememberedBackend {
  /** The name of the program that worked, unless something has changed that it depends on. It still has to be tried. */
  recall(): string | undefined
  /** Never throws: a lost memory only costs time. */
  remember(name: string): void
}

/** One day in milliseconds: what the kernel or the container allows may change without a trace here. */
const AGE = 24 * 3600 * 1000

/**
 * The memory in a directory, valid for this boot, user, namespaces and isolation, and for these programs as they are
 * now.
 */
export function rememberedBackend(
  directory: string,
  namespaces: WorkerNamespaces,
  wanted: Isolation | 'auto',
  programs: readonly string[],
): RememberedBackend {
  const facts = [bootId(), process.getuid?.(), namespaces, wanted, programs.map(stampOf), process.env['PATH']]
  const key = createHash('sha256').update(JSON.stringify(facts)).digest('hex').slice(0, 16)
  const file = join(directory, `backend-${wanted}`)
  return {
    recall() {
      try {
        const [known, name] = readFileSync(file, 'utf8').split(' ')
        const fresh = Math.abs(Date.now() - statSync(file).mtimeMs) < AGE
        return known === key && fresh ? name : undefined
      } catch {
        return undefined
      }
    },
    remember(name) {
      const temporary = `${file}.${process.pid}`
      try {
        writeFileSync(temporary, `${key} ${name}`)
        renameSync(temporary, file)
      } catch {
        removeIfThere(temporary)
      }
    },
  }
}

/** An id that changes with every boot, and so with the kernel. */
function bootId(): string | undefined {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8')
  } catch {
    return undefined
  }
}

/** A program's path, change time and size; undefined if it is not installed. */
function stampOf(program: string): string | undefined {
  const path = program === HELPER ? findHelper() : findProgram(program)
  const stats = path === undefined ? undefined : statSync(path, { throwIfNoEntry: false, bigint: true })
  return stats && `${path} ${stats.ctimeNs} ${stats.size}`
}

function removeIfThere(path: string): void {
  try {
    unlinkSync(path)
  } catch {
    // The file was never made.
  }
}
