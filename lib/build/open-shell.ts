import { storeHome } from '../cache/home.ts'
import { startShellWorker } from '../executor/run/start-worker.ts'
import type { Isolation } from './build-options.ts'

export interface ShellOptions {
  /** The directory of the store; default as for builds. */
  readonly store?: string
  /** The name of the kept step, which the build printed; default the newest. */
  readonly name?: string
  /** The command to run; default /bin/sh. */
  readonly command?: readonly string[]
  readonly isolation?: Isolation | 'auto'
}

/**
 * Runs a shell, or a command, in the filesystem of a failed step that was kept (`keepFailed`), with the
 * environment, user, working directory and mounts of the step, but without its secrets. It uses the terminal of
 * this process. Changes to the filesystem persist for the next shell. Resolves to the exit code, or to 137 if a
 * signal ended the command. Errors with `KEPT_STEP_NOT_FOUND`, and as builds with RUN do.
 */
export async function openShell(options: ShellOptions = {}): Promise<number> {
  const { store = storeHome(), isolation = 'auto', name, command } = options
  const { worker, kept } = await startShellWorker(store, isolation, name)
  // Ctrl-C is for the command in the shell.
  const ignore = (): void => {}
  process.on('SIGINT', ignore)
  try {
    const request = {
      kind: 'shell',
      step: 'shell',
      kept,
      args: command ?? (process.stdin.isTTY ? ['/bin/sh', '-i'] : ['/bin/sh']),
    } as const
    const end = await worker.run(request, new AbortController().signal, () => undefined)
    if (end.kind === 'done') return 0
    return end.exit.kind === 'exited' ? end.exit.code : SIGNALLED
  } finally {
    process.off('SIGINT', ignore)
    await worker.close()
  }
}

/** The exit code of a command that was killed (128 + SIGKILL), as shells report it. The actual signal is not known. */
const SIGNALLED = 137
