// The operating system process of a worker.
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { TsbuildError } from '../../base/errors.ts'
import { moduleBeside } from '../../base/module-beside.ts'
import type { WorkerNamespaces } from '../../sandbox/types.ts'

export interface SpawnOptions {
  /** The directory of the programs; undefined for the package's own. */
  readonly programs: string | undefined
  /** Whether the worker has this process's standard input and output. */
  readonly terminal: boolean
}

/** Spawns a worker in its namespaces. Errors with `SANDBOX_UNAVAILABLE` if the worker's program is missing. */
export function spawnWorker({ launcher }: WorkerNamespaces, { programs, terminal }: SpawnOptions): ChildProcess {
  const main = programs === undefined ? packagedWorker() : givenWorker(resolve(programs))
  const [file = process.execPath, ...args] = [...launcher, process.execPath, ...process.execArgv, main]
  return spawn(file, args, {
    env: { ...workerEnvironment(), ...helperOf(programs) },
    stdio: terminal ? ['inherit', 'inherit', 'inherit', 'ipc'] : ['ignore', 'ignore', 'pipe', 'ipc'],
    detached: !terminal,
    serialization: 'json',
  })
}

/** A bundler that merges this module into another file takes the program beside it away. */
function packagedWorker(): string {
  const url: string | undefined = import.meta.url
  const main = url === undefined ? undefined : moduleBeside('../worker/worker-main', url)
  if (main !== undefined && existsSync(main)) return main
  throw new TsbuildError('SANDBOX_UNAVAILABLE', 'the program that runs steps is not beside this one', {
    hint: 'a bundled program names the directory of tsbuild\'s programs in "run.programs": see docs/library.md',
  })
}

function givenWorker(programs: string): string {
  const main = ['mjs', 'cjs', 'js'].map((extension) => join(programs, `worker.${extension}`)).find(existsSync)
  if (main !== undefined) return main
  throw new TsbuildError('SANDBOX_UNAVAILABLE', `there is no worker.mjs, worker.cjs or worker.js in ${programs}`, {
    hint: 'bundle "@tsbuild/tsbuild/worker" to it: see docs/library.md',
  })
}

function helperOf(programs: string | undefined): Record<string, string> {
  if (programs === undefined || process.env['TSBUILD_SANDBOX_HELPER'] !== undefined) return {}
  return { TSBUILD_SANDBOX_HELPER: join(resolve(programs), `tsbuild-sandbox-linux-${process.arch}`) }
}

/** The variables by which the worker finds its own programs and directories. */
const PASSED = ['TMPDIR', 'XDG_RUNTIME_DIR', 'TSBUILD_SANDBOX_HELPER', 'TSBUILD_PROOT', 'LD_LIBRARY_PATH', 'LANG']

/** A small environment. Steps may be able to read it, so the builder's credentials must not be in it. */
function workerEnvironment(): Record<string, string> {
  const values = PASSED.map((name) => [name, process.env[name]] as const)
  return {
    PATH: process.env['PATH'] ?? '/usr/sbin:/usr/bin:/sbin:/bin',
    ...Object.fromEntries(values.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]))),
  }
}
