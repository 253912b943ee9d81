// A program of the system with its libraries, to be mounted into a root that has neither.
import { readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { TsbuildError } from '../../base/errors.ts'
import { runProgram } from '../run-program.ts'

export interface ProgramWithLibraries {
  /** Files of the host, and where they have to be mounted. */
  readonly files: readonly { readonly source: string; readonly target: string }[]
  /** The arguments that start the program there. */
  readonly argv: readonly string[]
}

/** Mounts `program`, an absolute path, and everything that it loads into one directory of the command's root. */
export async function programWithLibraries(program: string, directory: string): Promise<ProgramWithLibraries> {
  const targetOf = (source: string): string => join(directory, basename(source))
  const carried = (sources: readonly string[]) => sources.map((source) => ({ source, target: targetOf(source) }))
  if (!isDynamic(program)) return { files: carried([program]), argv: [targetOf(program)] }
  // Lines such as `libc.so.6 => /lib/libc.so.6 (0x…)` and `/lib64/ld-linux-x86-64.so.2 (0x…)`.
  const paths = [...(await runProgram('ldd', [program])).matchAll(/(?:^|=>)\s*(\/\S+) \(0x/gm)].map(
    (match) => match[1] ?? '',
  )
  const loader = paths.find((path) => /^ld[-.]/.test(basename(path)))
  if (!loader) throw new TsbuildError('SANDBOX_FAILED', `cannot find the loader of ${program}`)
  return {
    files: carried([program, ...new Set(paths)]),
    argv: [targetOf(loader), '--library-path', directory, targetOf(program)],
  }
}

/** Whether an ELF file names a loader (PT_INTERP). */
function isDynamic(program: string): boolean {
  const bytes = readFileSync(program)
  return bytes.subarray(0, 4096).includes('/ld')
}
