// The builder's end of the channel to a worker: sends requests, and receives events and answers.

import { type ErrorRecord, fromErrorRecord, toErrorRecord } from '../../base/error-record.ts'
import { TsbuildError } from '../../base/errors.ts'
import type { Isolation, Probe } from '../../sandbox/types.ts'
import { REPORT_SIZE } from '../worker/output-flow.ts'
import type { FromWorker, RunRequest, ShellRequest, ToWorker, WorkerStart } from '../worker/protocol.ts'
import { type SpawnOptions, spawnWorker } from './spawn-worker.ts'

/** The sandbox that a worker chose. */
export interface WorkerState {
  readonly isolation: Isolation
  readonly program: string
  /** Whether layers are stacked with overlayfs. */
  readonly overlay: boolean
  /** Whether the owners that steps give to files are recorded. */
  readonly recordsOwners: boolean
  readonly probes: readonly Probe[]
}

type StepEvent = Extract<FromWorker, { kind: 'log' | 'warning' }>
type Ended = Extract<FromWorker, { kind: 'done' | 'failed' }>

export interface RunWorker {
  readonly state: WorkerState
  /**
   * Runs a step and calls `onEvent` with its events. While a promise of `onEvent` is pending, which must not reject,
   * the command prints little more. Rejects with the signal's reason once the step was stopped,
   * with `SANDBOX_FAILED` when the worker ends, or has ended before, and with a TsbuildError for anything else but a
   * failing command.
   */
  run(
    request: RunRequest | ShellRequest,
    signal: AbortSignal,
    onEvent: (event: StepEvent) => Promise<void> | undefined,
  ): Promise<Ended>
  /** Ends the worker and everything that still runs in it. Idempotent. */
  close(): Promise<void>
}

/** A worker in which no back-end works. */
export class WorkerUnavailable extends Error {
  readonly probes: readonly Probe[]
  constructor(probes: readonly Probe[]) {
    super('no back-end works here')
    this.probes = probes
  }
}

/** Milliseconds for a worker to unmount and to remove its files. One that takes longer hangs, and is killed. */
const CLOSE_TIMEOUT = 15_000
const STDERR_LIMIT = 16 * 1024
const KILLED = 'something killed it: maybe the system ran out of memory'

/**
 * Spawns a worker process and waits until it is ready. Rejects with {@link WorkerUnavailable} when no back-end
 * works in it, and with `SANDBOX_FAILED` when it can't be started. With `terminal` the worker has this process's
 * standard input and output.
 */
export async function connectWorker(start: WorkerStart, options: SpawnOptions): Promise<RunWorker> {
  const child = spawnWorker(start.namespaces, options)
  let stderr = ''
  child.stderr?.on('data', (chunk: Buffer) => {
    stderr = (stderr + chunk.toString()).slice(-STDERR_LIMIT)
  })
  const steps = new Map<string, (message: FromWorker) => void>()
  let onStart: ((message: FromWorker) => void) | undefined
  /** The error of all that is asked of a worker that has ended. */
  let death: ErrorRecord | undefined
  const die = (how: string, hint?: string): void => {
    // A launcher may be killed without the worker, which ends when the channel closes.
    if (child.connected) child.disconnect()
    death ??= toErrorRecord(
      new TsbuildError('SANDBOX_FAILED', `the process that runs steps ended: ${how}`, {
        details: stderr.trim() === '' ? [] : stderr.trim().split('\n'),
        hint,
      }),
    )
    const message: FromWorker = { kind: 'error', step: undefined, error: death }
    onStart?.(message)
    for (const receive of [...steps.values()]) receive(message)
  }
  const ended = new Promise<void>((resolve) => {
    // The event `close` does not occur after this process has closed the channel.
    child.once('exit', (code, signal) => {
      resolve()
      if (signal === null) die(`exit code ${code}`)
      else die(`killed by ${signal}`, signal === 'SIGKILL' ? KILLED : undefined)
    })
    child.on('error', (error) => {
      if (child.pid === undefined) resolve()
      die(error.message)
    })
  })
  // A worker without a builder ends by itself; one that hangs is killed.
  child.once('disconnect', () => {
    const timer = setTimeout(() => child.kill('SIGKILL'), CLOSE_TIMEOUT)
    void ended.then(() => clearTimeout(timer))
  })
  child.on('message', (message: FromWorker) => {
    if ('step' in message && message.step !== undefined) steps.get(message.step)?.(message)
    else onStart?.(message)
  })
  const send = (message: ToWorker): void => {
    if (child.connected) child.send(message)
  }

  const close = async (): Promise<void> => {
    if (child.connected) child.disconnect()
    await ended
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

  const run: RunWorker['run'] = (request, signal, onEvent) =>
    new Promise((resolve, reject) => {
      if (death) return reject(fromErrorRecord(death))
      const { step } = request
      const stop = (): void => send({ kind: 'stop', step })
      let read = 0
      const received = (length: number): void => {
        read += length
        if (read < REPORT_SIZE || !steps.has(step)) return
        send({ kind: 'received', step, length: read })
        read = 0
      }
      const finish = (action: () => void): void => {
        steps.delete(step)
        signal.removeEventListener('abort', stop)
        action()
      }
      steps.set(step, (message) => {
        if (message.kind === 'warning') onEvent(message)
        else if (message.kind === 'log') {
          const ready = onEvent(message)
          if (ready) void ready.then(() => received(message.text.length))
          else received(message.text.length)
        } else if (signal.aborted) finish(() => reject(signal.reason))
        else if (message.kind === 'done' || message.kind === 'failed') finish(() => resolve(message))
        else if (message.kind === 'error') finish(() => reject(fromErrorRecord(message.error)))
      })
      signal.addEventListener('abort', stop)
      send(request)
      if (signal.aborted) stop()
    })
  return { state, run, close }
}
