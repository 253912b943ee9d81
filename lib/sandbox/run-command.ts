// Runs one command through a back-end, to its end.
import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { TsbuildError } from '../errors.ts'
import type { Backend, Exit, PreparedCommand, SandboxCommand } from './types.ts'

export interface RunCommandOptions {
  /** Called with what the command writes, as it comes, in order per stream; all of it before the promise settles. */
  onOutput(stream: 'stdout' | 'stderr', chunk: Buffer): void
  /** Ends the command: SIGTERM, then SIGKILL to all of it. The promise settles as for a command that was killed. */
  readonly signal?: AbortSignal | undefined
  /** Default `ignore`: /dev/null. */
  readonly stdin?: 'ignore' | 'inherit' | undefined
  /** The command gets this process's terminal for its input and output, and onOutput is not called. */
  readonly interactive?: boolean | undefined
  /** Milliseconds between SIGTERM and SIGKILL; default 10 000. */
  readonly grace?: number | undefined
}

/**
 * Runs a command in a session of its own. Its environment is what the command says; of the descriptors of this process it gets none but
 * standard input and output, provided that this process called `closeInheritedFiles` when it started. Whatever way it ends, nothing of
 * it runs any more and the back-end has cleaned up.
 *
 * Rejects with SANDBOX_FAILED where the command could not be started, and with what a back-end's prepare() or finish() reject with.
 */
export async function runCommand(backend: Backend, command: SandboxCommand, options: RunCommandOptions): Promise<Exit> {
  options.signal?.throwIfAborted()
  const prepared = await backend.prepare(command)
  try {
    return await runPrepared(backend, prepared, options)
  } finally {
    await prepared.finish()
  }
}

async function runPrepared(backend: Backend, prepared: PreparedCommand, options: RunCommandOptions): Promise<Exit> {
  const { signal } = options
  if (signal?.aborted) return { kind: 'killed', signal: 'SIGTERM' }
  const child = start(backend, prepared, options)
  const closed = ended(child, backend)
  const output = (stream: 'stdout' | 'stderr') => (chunk: Buffer) => options.onOutput(stream, chunk)
  child.stdout?.on('data', output('stdout'))
  child.stderr?.on('data', output('stderr'))
  // What the command left running in the background may hold the pipes open: the command is over all the same. When it is being stopped
  // the launcher may be gone before the command is.
  let swept: Promise<void> | undefined
  child.on('exit', () => {
    const timer = setTimeout(() => {
      if (signal?.aborted) return
      swept = prepared.kill()
      // That it failed is told by whoever waits below; here it must not hang.
      swept.catch(() => {
        child.stdout?.destroy()
        child.stderr?.destroy()
      })
    }, LINGER)
    child.on('close', () => clearTimeout(timer))
  })
  let stopped: Promise<void> | undefined
  const onAbort = (): void => {
    stopped = stop(child, closed, prepared, options.grace ?? 10_000)
  }
  signal?.addEventListener('abort', onAbort, { once: true })
  try {
    return await closed
  } finally {
    signal?.removeEventListener('abort', onAbort)
    await stopped
    await swept
  }
}

/** Milliseconds that pipes may stay open after the command has ended, before what holds them is killed. */
const LINGER = 50

function start(backend: Backend, prepared: PreparedCommand, options: RunCommandOptions): ChildProcess {
  const { interactive = false, stdin = interactive ? 'inherit' : 'ignore' } = options
  const out = interactive ? 'inherit' : 'pipe'
  const files: number[] = []
  try {
    for (const path of prepared.files ?? []) files.push(openSync(path, 'r'))
    const stdio: StdioOptions = [stdin, out, out, ...files]
    const mask = process.umask(0o022)
    try {
      // A session of its own has no terminal, so what is interactive stays in ours.
      return spawn(prepared.file, prepared.args, { env: prepared.env, detached: !interactive, stdio })
    } finally {
      process.umask(mask)
    }
  } catch (cause) {
    throw notStarted(backend, cause)
  } finally {
    for (const file of files) closeSync(file)
  }
}

/** Settles when the launcher has ended and its output has been read to the end. */
function ended(child: ChildProcess, backend: Backend): Promise<Exit> {
  return new Promise((resolve, reject) => {
    child.on('error', (cause) => {
      if (child.pid === undefined) reject(notStarted(backend, cause))
    })
    // Some launchers turn a signal into 128 and its number, as shells do: that can't be told from a command's own exit code.
    child.on('close', (code, signal) =>
      resolve(signal ? { kind: 'killed', signal } : { kind: 'exited', code: code ?? 0 }),
    )
  })
}

function notStarted(backend: Backend, cause: unknown): TsbuildError {
  const detail = cause instanceof Error ? cause.message : String(cause)
  return new TsbuildError('SANDBOX_FAILED', `cannot start ${backend.program}: ${detail}`, { cause })
}

async function stop(
  child: ChildProcess,
  closed: Promise<Exit>,
  prepared: PreparedCommand,
  grace: number,
): Promise<void> {
  const over = closed.catch(() => undefined)
  signalGroup(child, 'SIGTERM')
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, grace)
  })
  await Promise.race([over, late])
  clearTimeout(timer)
  signalGroup(child, 'SIGKILL')
  await prepared.kill()
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return
  try {
    process.kill(-child.pid, signal)
  } catch (error) {
    if (!isErrno(error, 'ESRCH')) throw error
    // An interactive command has no group of its own; others have ended, all of them.
    child.kill(signal)
  }
}

function isErrno(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}
