// Runs one command through a back-end, to its end.
import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import type { Readable } from 'node:stream'
import { setTimeout as wait } from 'node:timers/promises'
import { hasErrno } from '../../base/errno.ts'
import { messageOf, TsbuildError } from '../../base/errors.ts'
import type { Backend, Exit, PreparedCommand, SandboxCommand } from '../types.ts'
import type { OpenPipe, OutputPipe } from './output-pipes.ts'

export interface RunCommandOptions {
  /**
   * Called with the command's output as it comes, in order per stream, and with all of it before the promise settles.
   * A stream is not read further until the promise has settled, which must not reject: so a command that prints faster
   * than its output is taken has to wait.
   */
  onOutput(stream: 'stdout' | 'stderr', chunk: Buffer): Promise<void> | undefined
  readonly openPipe: OpenPipe
  /** Ends the command: SIGTERM, then SIGKILL to all of it. The promise settles as for a command that was killed. */
  readonly signal?: AbortSignal | undefined
  /** Default `ignore`: /dev/null. */
  readonly stdin?: 'ignore' | 'inherit' | undefined
  /** Whether the command gets this process's terminal for input and output; then onOutput is not called. */
  readonly interactive?: boolean | undefined
  /** Milliseconds between SIGTERM and SIGKILL; default 10 000. */
  readonly grace?: number | undefined
}

/**
 * Runs a command in a session of its own, with the command's own environment. Of this process's descriptors it
 * inherits standard input and output only, provided that this process called `closeInheritedFiles` when it started.
 * However the command ends, no process of it is left and the back-end has cleaned up.
 *
 * Rejects with SANDBOX_FAILED if the command could not be started, and with the errors of a back-end's prepare() and
 * finish().
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

interface Started {
  readonly child: ChildProcess
  /** The streams of its output; empty if it has the terminal. */
  readonly outputs: readonly Readable[]
}

async function runPrepared(backend: Backend, prepared: PreparedCommand, options: RunCommandOptions): Promise<Exit> {
  const { signal } = options
  if (signal?.aborted) return { kind: 'killed', signal: 'SIGTERM' }
  const started = start(backend, prepared, options)
  const { child, outputs } = started
  const closed = ended(started, backend)
  // Processes that the command left in the background may hold the pipes open: the command is over all the same.
  // While it is being stopped, the launcher may be gone before the command is.
  let lingering: NodeJS.Timeout | undefined
  let swept: Promise<void> | undefined
  child.on('exit', () => {
    lingering = setTimeout(() => {
      if (signal?.aborted) return
      swept = prepared.kill()
      // The await below reports the failure. Here the streams must not hang.
      swept.catch(() => {
        for (const output of outputs) output.destroy()
      })
    }, LINGER)
  })
  let stopped: Promise<void> | undefined
  const onAbort = (): void => {
    stopped = stop(child, { closed, prepared, grace: options.grace ?? 10_000 })
  }
  signal?.addEventListener('abort', onAbort, { once: true })
  try {
    return await closed
  } finally {
    clearTimeout(lingering)
    signal?.removeEventListener('abort', onAbort)
    await stopped
    await swept
  }
}

/**
 * Milliseconds that pipes may stay open after the command has ended, before the processes that hold them are killed.
 */
const LINGER = 50

function start(backend: Backend, prepared: PreparedCommand, options: RunCommandOptions): Started {
  const { interactive = false, stdin = interactive ? 'inherit' : 'ignore' } = options
  const other = interactive ? 'inherit' : 'pipe'
  let stdout: OutputPipe | undefined
  let stderr: OutputPipe | undefined
  const files: number[] = []
  try {
    if (!interactive) stdout = options.openPipe()
    if (!interactive) stderr = options.openPipe()
    for (const path of prepared.files ?? []) files.push(openSync(path, 'r'))
    const stdio: StdioOptions = [stdin, stdout?.writer ?? other, stderr?.writer ?? other, ...files]
    const mask = process.umask(0o022)
    try {
      // A new session has no terminal, so that an interactive command stays in this one.
      const child = spawn(prepared.file, prepared.args, { env: prepared.env, detached: !interactive, stdio })
      return { child, outputs: readOutputs(stdout?.reader ?? child.stdout, stderr?.reader ?? child.stderr, options) }
    } finally {
      process.umask(mask)
    }
  } catch (cause) {
    stdout?.reader.destroy()
    stderr?.reader.destroy()
    throw notStarted(backend, cause)
  } finally {
    for (const file of [stdout?.writer, stderr?.writer, ...files]) if (file !== undefined) closeSync(file)
  }
}

function readOutputs(stdout: Readable | null, stderr: Readable | null, { onOutput }: RunCommandOptions): Readable[] {
  const read = (name: 'stdout' | 'stderr', stream: Readable): void => {
    stream.on('data', (chunk: Buffer) => {
      const ready = onOutput(name, chunk)
      if (!ready) return
      stream.pause()
      void ready.then(() => stream.resume())
    })
  }
  if (stdout) read('stdout', stdout)
  if (stderr) read('stderr', stderr)
  return [stdout, stderr].filter((stream) => stream !== null)
}

/** Settles when the launcher has ended and its output has been read to the end. */
async function ended({ child, outputs }: Started, backend: Backend): Promise<Exit> {
  const read = outputs.map((output) => new Promise((resolve) => output.once('close', resolve)))
  const exit = await new Promise<Exit>((resolve, reject) => {
    child.on('error', (cause) => {
      if (child.pid === undefined) reject(notStarted(backend, cause))
    })
    // Some launchers turn a signal into 128 plus its number, as shells do: then it looks like the command's own exit
    // code.
    child.on('exit', (code, signal) =>
      resolve(signal ? { kind: 'killed', signal } : { kind: 'exited', code: code ?? 0 }),
    )
  })
  await Promise.all(read)
  return exit
}

function notStarted(backend: Backend, cause: unknown): TsbuildError {
  const detail = messageOf(cause)
  return new TsbuildError('SANDBOX_FAILED', `cannot start ${backend.program}: ${detail}`, { cause })
}

interface Stopping {
  readonly closed: Promise<Exit>
  readonly prepared: PreparedCommand
  /** Milliseconds between SIGTERM and SIGKILL. */
  readonly grace: number
}

/** Milliseconds in which a launcher has killed all processes of a command, unless these keep it from doing so. */
const END_LIMIT = 2000

async function stop(child: ChildProcess, { closed, prepared, grace }: Stopping): Promise<void> {
  const over = closed.catch(() => undefined)
  signalGroup(child, 'SIGTERM')
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, grace)
  })
  await Promise.race([over, late])
  clearTimeout(timer)
  const { endSignal } = prepared
  if (endSignal !== undefined && child.exitCode === null && child.signalCode === null) {
    child.kill(endSignal)
    await Promise.race([over, wait(END_LIMIT, undefined, { ref: false })])
  }
  signalGroup(child, 'SIGKILL')
  await prepared.kill()
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return
  try {
    process.kill(-child.pid, signal)
  } catch (error) {
    if (!hasErrno(error, 'ESRCH')) throw error
    // An interactive command has no group of its own. The processes of any other group have ended.
    child.kill(signal)
  }
}
