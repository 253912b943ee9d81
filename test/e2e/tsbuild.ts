// Starts bin/tsbuild.js as a user does: another process, a store of its own.
import { spawn } from 'node:child_process'
import { cpSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { temporaryDirectory } from '../support/temporary-directory.ts'

export const bin: string = resolve(import.meta.dirname, '../../bin/tsbuild.js')
export const fixtures: string = resolve(import.meta.dirname, '../../fixtures')

export interface Run {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

export interface RunOptions {
  readonly store: string
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
  /** Words before the command, of programs that become what follows them. */
  readonly within?: readonly string[]
  /** Sends the process a signal: some milliseconds after its start, or as soon as its standard error matches. */
  readonly kill?: { readonly signal: NodeJS.Signals; readonly when: number | RegExp }
}

export function tsbuild(args: readonly string[], options: RunOptions): Promise<Run> {
  const { SOURCE_DATE_EPOCH: _, ...inherited } = process.env
  const env = { ...inherited, NO_COLOR: '1', TSBUILD_HOME: options.store, ...options.env }
  const [file = '', ...words] = [...(options.within ?? []), process.execPath, bin, ...args]
  const child = spawn(file, words, { cwd: options.cwd, env, stdio: ['ignore', 'pipe', 'pipe'] })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
    // Once: a second signal would end the process at once.
    if (kill?.when instanceof RegExp && !child.killed && kill.when.test(stderr)) child.kill(kill.signal)
  })
  const { kill } = options
  if (typeof kill?.when === 'number') setTimeout(() => child.kill(kill.signal), kill.when)
  return new Promise((done, fail) => {
    child.on('error', fail)
    child.on('close', (code, signal) => done({ code, signal, stdout, stderr }))
  })
}

/** Runs tsbuild and throws what it printed unless it succeeds. */
export async function succeed(args: readonly string[], options: RunOptions): Promise<Run> {
  const run = await tsbuild(args, options)
  if (run.code !== 0) throw new Error(`tsbuild ${args.join(' ')} ended with ${run.code ?? run.signal}\n${run.stderr}`)
  return run
}

/** A copy of a fixture in a directory that goes with the test. */
export function copyOfFixture(name: string): string {
  const directory = join(temporaryDirectory(), name)
  cpSync(join(fixtures, name), directory, { recursive: true })
  return directory
}
