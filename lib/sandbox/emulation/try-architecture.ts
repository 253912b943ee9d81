// Whether programs of an architecture run here: natively, or with an emulator.
import { spawnSync } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { errnoOf } from '../../base/errno.ts'
import { type Emulator, readEmulators } from './binfmt-emulators.ts'
import { EXIT_CODE, exitProgram } from './exit-program.ts'

export type ArchitectureSupport =
  | { readonly kind: 'run' }
  /** They do in a root that has the emulator at its path. */
  | { readonly kind: 'with-emulator'; readonly emulator: Emulator }
  /** `reason`: what is known of it. */
  | { readonly kind: 'fail'; readonly reason: string }

export interface ArchitectureOptions {
  /** A directory for a program that is tried, which need not exist. It is removed. */
  readonly temporary: string
  /** What is registered; default what this machine shows. */
  readonly emulators?: readonly Emulator[] | undefined
}

/** Milliseconds. An emulator starts in a hundredth of that on a busy machine. */
const TIMEOUT = 20_000

/**
 * Tries it with a program of that architecture: only that tells whether a kernel has support for 32 bits, and whether there is an
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

/** `ran`, or what came of it. */
function tryProgram(program: Uint8Array, directory: string): string {
  const path = join(directory, 'probe')
  mkdirSync(directory, { recursive: true })
  try {
    writeFileSync(path, program, { mode: 0o700 })
    const { status, signal, error } = spawnSync(path, [], { stdio: 'ignore', timeout: TIMEOUT, cwd: '/', env: {} })
    if (status === EXIT_CODE) return 'ran'
    if (error) return errnoOf(error) ?? error.message
    // What is no program is given to a shell, which can't make anything of it.
    return signal === null ? 'exec format error' : `ended by ${signal}`
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}
