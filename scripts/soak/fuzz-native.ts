// Feeds the native helper's readers with broken inputs, under sanitizers.
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { buildTestProgram, SANITIZE } from '../build-native.ts'

/** The inputs of the helper: specs, tables of owners, headers of programs, first lines of scripts. */
export const FUZZ_TARGETS = ['spec', 'owners', 'program', 'script'] as const

const SOURCE = join(import.meta.dirname, '../../test/sandbox/native/fuzz.c')

/** The path of the program that does it; undefined without a compiler. */
export function buildFuzzer(): string | undefined {
  return buildTestProgram(SOURCE, [...SANITIZE, '-Wl,--wrap=fail,--wrap=refuse'], ['virtual-root/programs.c'])
}

/**
 * Tries a number of inputs that a seed decides. Returns how many of them were accepted; throws a sanitizer's report
 * with the seed that shows it again.
 */
export function fuzz(program: string, target: (typeof FUZZ_TARGETS)[number], seed: number, inputs: number): number {
  // The memory of a refused input is gone with the process.
  const env = { ASAN_OPTIONS: 'detect_leaks=0' }
  const args = [target, String(seed), String(inputs)]
  const { status, signal, stdout, stderr } = spawnSync(program, args, { env, encoding: 'utf8' })
  if (status !== 0) throw new Error(`fuzz ${args.join(' ')} ended with ${status ?? signal}\n${stderr}`)
  return Number(/(\d+) accepted/.exec(stdout)?.[1])
}
