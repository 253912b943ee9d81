// The builder's end of a worker: starts it once, sends it steps, hears what becomes of them.

import { type ChildProcess, spawn } from 'node:child_process'
import { fromErrorRecord, toErrorRecord } from '../../base/error-record.ts'
import { TsbuildError } from '../../base/errors.ts'
import { moduleBeside } from '../../base/module-beside.ts'
import type { Isolation, Probe, WorkerNamespaces } from '../../sandbox/types.ts'
import type { FromWorker, RunRequest, ShellRequest, ToWorker, WorkerStart } from '../worker/protocol.ts'

/** What runs the steps, once it is known. */
export interface WorkerState {
  readonly isolation: Isolation
  readonly program: string
  /** Whether layers are stacked with overlayfs. */
  readonly overlay: boolean
  readonly probes: readonly Probe[]
}

type Told = Extract<FromWorker, { kind: 'log' | 'warning' }>
type Ended = Extract<FromWorker, { kind: 'done' | 'failed' }>

export interface RunWorker {
  readonly state: WorkerState
  /**
   * Runs a step. Rejects with the signal's reason once the step was stopped, and with a TsbuildError for what went
   * wrong around it.
   */
  run(request: RunRequest | ShellRequest, signal: AbortSignal, tell: (event: Told) => void): Promise<Ended>
  /** Ends the worker, and with it all that still runs in it. Idempotent. */
  close(): Promise<void>
}

/** A worker that can't say how it fares. */
export class WorkerUnavailable extends Error {
  readonly probes: readonly Probe[]
  constructor(probes: readonly Probe[]) {
    super('no back-end works here')
    this.probes = probes
  }
}

// A worker that is told to end has mounts to undo and files to remove; more time than this means that it hangs.
const CLOSE_TIMEOUT = 15_000
const STDERR_LIMIT = 16 * 1024

/**
 * Starts a worker in a place and waits until it is ready. Rejects with {@link WorkerUnavailable} when no back-end
 * works there, and with `SANDBOX_FAILED` when the worker can't be started. With `terminal` the worker has this
 * process's standard input and output.
 */
export async function startWorker(start: WorkerStart, terminal = false): Promise<RunWorker> {
  const child = launch(start.namespaces, terminal)
  let stderr = ''
  child.stderr?.on('data', (chunk: Buffer) => {
    stderr = (stderr + chunk.toString()).slice(-STDERR_LIMIT)
  })
  const steps = new Map<string, (message: FromWorker) => void>()
  let onStart: ((message: FromWorker) => void) | undefined
  // Not `close`, which does not come once the channel was closed from this end.
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => resolve())
    child.once('error', () => child.pid === undefined && resolve())
  })
  const gone = (): FromWorker => ({
    kind: 'error',
    step: undefined,
    error: toErrorRecord(
      new TsbuildError(
        'SANDBOX_FAILED',
        `the process that runs steps ended${stderr.trim() === '' ? '' : `: ${stderr.trim()}`}`,
      ),
    ),
  })
  const fail = (): void => {
    onStart?.(gone())
    for (const hear of [...steps.values()]) hear(gone())
  }
  child.on('error', (error) => {
    stderr += error.message
    fail()
  })
  child.once('exit', fail)
  child.on('message', (message: FromWorker) => {
    if ('step' in message && message.step !== undefined) steps.get(message.step)?.(message)
    else onStart?.(message)
  })
  const send = (message: ToWorker): void => {
    if (child.connected) child.send(message)
  }

  const close = async (): Promise<void> => {
    if (child.connected) child.disconnect()
    const timer = setTimeout(() => child.kill('SIGKILL'), CLOSE_TIMEOUT)
    await ended
    clearTimeout(timer)
  }

  const state = await new Promise<WorkerState>((resolve, reject) => {
    onStart = (message) => {
      if (message.kind === 'ready') resolve(message)
      else if (message.kind === 'unavailable') reject(new WorkerUnavailable(message.probes))
      else if (message.kind === 'error') reject(fromErrorRecord(message.error))
    }
    send(start)
  }).catch(async (error: unknown) => {
    await close()
    throw error
  })

  const run: RunWorker['run'] = (request, signal, tell) =>
    new Promise((resolve, reject) => {
      const { step } = request
      const stop = (): void => send({ kind: 'stop', step })
      const finish = (action: () => void): void => {
        steps.delete(step)
        signal.removeEventListener('abort', stop)
        action()
      }
      steps.set(step, (message) => {
        if (message.kind === 'log' || message.kind === 'warning') tell(message)
        else if (signal.aborted) finish(() => reject(signal.reason))
        else if (message.kind === 'done' || message.kind === 'failed') finish(() => resolve(message))
        else if (message.kind === 'error') finish(() => reject(fromErrorRecord(message.error)))
      })
      signal.addEventListener('abort', stop)
      send(request)
      if (signal.aborted) stop()
    })
  return { state, run, close }
}

function launch(namespaces: WorkerNamespaces, terminal: boolean): ChildProcess {
  const main = moduleBeside('../worker/worker-main', import.meta.url)
  const [file = process.execPath, ...args] = [...namespaces.launcher, process.execPath, ...process.execArgv, main]
  return spawn(file, args, {
    // Nothing of the builder's environment: steps may be able to look at it, and it may hold credentials.
    env: { PATH: process.env['PATH'] ?? '/usr/sbin:/usr/bin:/sbin:/bin', ...passed() },
    stdio: terminal ? ['inherit', 'inherit', 'inherit', 'ipc'] : ['ignore', 'ignore', 'pipe', 'ipc'],
    detached: !terminal,
    serialization: 'json',
  })
}

/** The variables that say where the worker's own tools are. */
function passed(): Record<string, string> {
  const names = ['TMPDIR', 'XDG_RUNTIME_DIR', 'TSBUILD_SANDBOX_HELPER', 'TSBUILD_PROOT', 'LD_LIBRARY_PATH', 'LANG']
  const values = names.map((name) => [name, process.env[name]] as const)
  return Object.fromEntries(values.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])))
}
