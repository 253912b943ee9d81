// Tries whether programs of an architecture run here: natively, or with an emulator.
import { spawnSync } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { errnoOf } from '../../base/errno.ts'
import { type Emulator, readEmulators } from './binfmt-emulators.ts'
import { EXIT_CODE, exitProgram } from './exit-program.ts'

export type ArchitectureSupport =
  | { readonly kind: 'run' }
  /** They run in a root that has the emulator at its path. */
  | { readonly kind: 'with-emulator'; readonly emulator: Emulator }
  /** `reason` is a phrase for an error message. */
  | { readonly kind: 'fail'; readonly reason: string }

export interface ArchitectureOptions {
  /** A directory for the program that is tried. It need not exist, and is removed. */
  readonly temporary: string
  /** The registered emulators; default: those that this machine shows. */
  readonly emulators?: readonly Emulator[] | undefined
}

/** Milliseconds. On a busy machine an emulator starts in a hundredth of that. */
const TIMEOUT = 20_000

/**
 * Runs a program of that architecture. Nothing else shows whether the kernel supports 32 bits, or whether there is an
 * emulator that can't be seen from here.
 */
export function tryArchitecture(
  architecture: string,
  { temporary, emulators }: ArchitectureOptions,
): ArchitectureSupport {
  const program = exitProgram(architecture)
  if (!program) return { kind: 'fail', reason: 'no emulator is known for it' }
  const emulator = (emulators ?? readEmulators()).find(({ matches }) => matches(program))
  if (emulator && !emulator.isFixed) return { kind: 'with-emulator', emulator }
  const outcome = tryProgram(program, temporary)
  if (outcome === 'ran') return { kind: 'run' }
  if (!emulator) return { kind: 'fail', reason: `no emulator is registered for it (${outcome})` }
  return { kind: 'fail', reason: `${emulator.name} is registered for it, and does not work (${outcome})` }
}

/** `ran`, or why the program did not run. */
function tryProgram(program: Uint8Array, directory: string): string {
  const path = join(directory, 'probe')
  mkdirSync(directory, { recursive: true })
  try {
    writeFileSync(path, program, { mode: 0o700 })
    const { status, signal, error } = spawnSync(path, [], { stdio: 'ignore', timeout: TIMEOUT, cwd: '/', env: {} })
    if (status === EXIT_CODE) return 'ran'
    if (error) return errnoOf(error) ?? error.message
    // The kernel rejects the file, and the shell that tries it next fails, too.
    return signal === null ? 'exec format error' : `ended by ${signal}`
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}
