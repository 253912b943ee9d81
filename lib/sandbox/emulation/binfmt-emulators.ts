// Emulators that the kernel starts for programs of other machines (its Documentation/admin-guide/binfmt-misc.rst).
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { errnoOf } from '../../base/errno.ts'

export interface Emulator {
  /** What it is registered as, e.g. `qemu-aarch64`. */
  readonly name: string
  readonly interpreter: string
  /** Flag F: opened when it was registered, so that it works in every root; else its path has to be there. */
  readonly isFixed: boolean
  /** Whether it is for programs that begin like this. */
  readonly matches: (program: Uint8Array) => boolean
}

const BINFMT_MISC = '/proc/sys/fs/binfmt_misc'

/** What is registered and enabled, as far as it can be seen: a container may have emulators and not show them. */
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

/** Undefined for what is not there, or can be written only. */
function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (errnoOf(error) !== undefined) return undefined
    throw error
  }
}
