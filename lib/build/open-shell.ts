import { storeHome } from '../cache/home.ts'
import { openShellWorker } from '../executor/run/start-worker.ts'
import type { Isolation } from './build-options.ts'

export interface ShellOptions {
  /** The store's directory; default as for builds. */
  readonly store?: string
  /** What the build said was kept; default the newest. */
  readonly name?: string
  /** Default: /bin/sh. */
  readonly command?: readonly string[]
  readonly isolation?: Isolation | 'auto'
}

/**
 * Runs a shell, or a command, in the filesystem that a failed step left (`keepFailed`), with the step's environment, user, working
 * directory and mounts but secrets. It has this process's terminal. Resolves to its exit code, 128 and the number of the signal if one
 * ended it. What it changes stays for the next shell. Errors with `KEPT_STEP_NOT_FOUND`, and as builds with RUN do.
 */
export async function openShell(options: ShellOptions = {}): Promise<number> {
  const { store = storeHome(), isolation = 'auto', name, command } = options
  const { worker, kept } = await openShellWorker(store, isolation, name)
  // Ctrl-C is for what runs in the shell.
  const ignore = (): void => {}
  process.on('SIGINT', ignore)
  try {
    const request = {
      kind: 'shell',
      step: 'shell',
      kept,
      args: command ?? (process.stdin.isTTY ? ['/bin/sh', '-i'] : ['/bin/sh']),
    } as const
    const end = await worker.run(request, new AbortController().signal, () => {})
    if (end.kind === 'done') return 0
    return end.exit.kind === 'exited' ? end.exit.code : SIGNALLED
  } finally {
    process.off('SIGINT', ignore)
    await worker.close()
  }
}

// What shells make of a command that was killed, without telling by what.
const SIGNALLED = 137
