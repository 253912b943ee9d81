// The operating system process of a worker.
import { type ChildProcess, spawn } from 'node:child_process'
import { moduleBeside } from '../../base/module-beside.ts'
import type { WorkerNamespaces } from '../../sandbox/types.ts'

/** Spawns a worker in its namespaces. With `terminal` it has this process's standard input and output. */
export function spawnWorker(
  { launcher }: WorkerNamespaces,
  { terminal }: { readonly terminal: boolean },
): ChildProcess {
  const main = moduleBeside('../worker/worker-main', import.meta.url)
  const [file = process.execPath, ...args] = [...launcher, process.execPath, ...process.execArgv, main]
  return spawn(file, args, {
    env: workerEnvironment(),
    stdio: terminal ? ['inherit', 'inherit', 'inherit', 'ipc'] : ['ignore', 'ignore', 'pipe', 'ipc'],
    detached: !terminal,
    serialization: 'json',
  })
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
