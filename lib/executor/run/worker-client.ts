// The builder's end of the channel to a worker: sends requests, and receives events and answers.

import { fromErrorRecord, toErrorRecord } from '../../base/error-record.ts'
import { TsbuildError } from '../../base/errors.ts'
import type { Isolation, Probe } from '../../sandbox/types.ts'
import type { FromWorker, RunRequest, ShellRequest, ToWorker, WorkerStart } from '../worker/protocol.ts'
import { spawnWorker } from './spawn-worker.ts'

/** The sandbox that a worker chose. */
export interface WorkerState {
  readonly isolation: Isolation
  readonly program: string
  /** Whether layers are stacked with overlayfs. */
  readonly overlay: boolean
  readonly probes: readonly Probe[]
}

type StepEvent = Extract<FromWorker, { kind: 'log' | 'warning' }>
type Ended = Extract<FromWorker, { kind: 'done' | 'failed' }>

export interface RunWorker {
  readonly state: WorkerState
  /**
   * Runs a step and calls `onEvent` with its events. Rejects with the signal's reason once the step was stopped,
   * and with a TsbuildError for anything but a failing command.
   */
  run(request: RunRequest | ShellRequest, signal: AbortSignal, onEvent: (event: StepEvent) => void): Promise<Ended>
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

/**
 * Spawns a worker process and waits until it is ready. Rejects with {@link WorkerUnavailable} when no back-end
 * works in it, and with `SANDBOX_FAILED` when it can't be started. With `terminal` the worker has this process's
 * standard input and output.
 */
export async function connectWorker(
  start: WorkerStart,
  { terminal }: { readonly terminal: boolean },
): Promise<RunWorker> {
  const child = spawnWorker(start.namespaces, { terminal })
  let stderr = ''
  child.stderr?.on('data', (chunk: Buffer) => {
    stderr = (stderr + chunk.toString()).slice(-STDERR_LIMIT)
  })
  const steps = new Map<string, (message: FromWorker) => void>()
  let onStart: ((message: FromWorker) => void) | undefined
  // The event `close` does not occur after this process has closed the channel.
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
    for (const receive of [...steps.values()]) receive(gone())
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

  const run: RunWorker['run'] = (request, signal, onEvent) =>
    new Promise((resolve, reject) => {
      const { step } = request
      const stop = (): void => send({ kind: 'stop', step })
      const finish = (action: () => void): void => {
        steps.delete(step)
        signal.removeEventListener('abort', stop)
        action()
      }
      steps.set(step, (message) => {
        if (message.kind === 'log' || message.kind === 'warning') onEvent(message)
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
