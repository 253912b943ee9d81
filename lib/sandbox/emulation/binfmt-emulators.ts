// Emulators that the kernel starts for programs of other architectures: binfmt_misc
// (Documentation/admin-guide/binfmt-misc.rst).
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { errnoOf } from '../../base/errno.ts'

export interface Emulator {
  /** The name of the registration, e.g. `qemu-aarch64`. */
  readonly name: string
  readonly interpreter: string
  /**
   * Flag F: the kernel opened the emulator when it was registered, so that it works in every root. Else the root
   * needs it at its path.
   */
  readonly isFixed: boolean
  /** Whether the emulator is for a program that begins like this. */
  readonly matches: (program: Uint8Array) => boolean
}

const BINFMT_MISC = '/proc/sys/fs/binfmt_misc'

/**
 * The emulators that the kernel reports as registered and enabled. A container may have others that it does not show.
 */
export function readEmulators(directory: string = BINFMT_MISC): readonly Emulator[] {
  if (!read(join(directory, 'status'))?.startsWith('enabled')) return []
  return readdirSync(directory).flatMap((name) => {
    const text = read(join(directory, name))
    const emulator = text === undefined ? undefined : parseEmulator(name, text)
    return emulator ? [emulator] : []
  })
}

function parseEmulator(name: string, text: string): Emulator | undefined {
  if (!text.startsWith('enabled')) return undefined
  const field = (key: string): string | undefined => new RegExp(`^${key}:? (.*)$`, 'm').exec(text)?.[1]
  const interpreter = field('interpreter')
  const magic = Buffer.from(field('magic') ?? '', 'hex')
  if (interpreter === undefined || magic.length === 0) return undefined
  const mask = Buffer.from(field('mask') ?? 'ff'.repeat(magic.length), 'hex')
  const offset = Number(field('offset') ?? 0)
  return {
    name,
    interpreter,
    isFixed: field('flags')?.includes('F') ?? false,
    matches: (program) => magic.every((byte, at) => (((program[offset + at] ?? -1) ^ byte) & (mask[at] ?? 0xff)) === 0),
  }
}

/** Undefined for a file that is missing or can't be read: `register` can only be written. */
function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (errnoOf(error) !== undefined) return undefined
    throw error
  }
}
