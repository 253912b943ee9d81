// The worker's end of the channel to the builder: takes requests, sends one answer to each, and cleans up when the
// channel closes.
import { toErrorRecord } from '../../base/error-record.ts'
import { type Cleanups, createCleanups } from './cleanups.ts'
import { createOutputFlow, type OutputFlow } from './output-flow.ts'
import type { FromWorker, RunRequest, ShellRequest, ToWorker, WorkerStart } from './protocol.ts'

/** The part of a Node.js process that talks to its parent. */
export interface Channel {
  readonly connected: boolean
  send?(message: FromWorker): unknown
  on(event: 'message', listener: (message: ToWorker) => void): unknown
  on(event: 'disconnect', listener: () => void): unknown
}

/** The way of messages to the builder. */
export interface ToBuilder {
  emit(message: FromWorker): void
  /** Undefined if a step may send more output; else settles when it may. Never rejects. */
  caughtUp(step: string): Promise<void> | undefined
}

/** A step that runs. */
interface RunningStep {
  readonly controller: AbortController
  readonly flow: OutputFlow
}

/** Carries out the steps of a worker. Every call resolves to the step's last message, or rejects. */
export interface Steps {
  run(request: RunRequest, signal: AbortSignal): Promise<FromWorker>
  shell(request: ShellRequest): Promise<FromWorker>
  /**
   * Whether a shell runs in a process id namespace of the worker's own, so that a Ctrl-C can be passed on to all
   * processes there.
   */
  isInterruptible(): boolean
}

/** The answer to the first message: `ready` with the steps, or `unavailable` without. */
export interface OpenedSteps {
  readonly answer: FromWorker
  readonly steps: Steps | undefined
}

export interface ServeOptions {
  /**
   * Opens the store and the sandbox. The worker runs `cleanups` when it ends.
   */
  open(start: WorkerStart, cleanups: Cleanups, builder: ToBuilder): Promise<OpenedSteps>
  /** Called once the channel is closed, all steps have ended and everything is cleaned up. */
  exit(): void
}

/** Answers the messages of a builder until the channel closes. */
export function serveBuilder(channel: Channel, { open, exit }: ServeOptions): Pick<Steps, 'isInterruptible'> {
  const cleanups = createCleanups()
  const running = new Map<string, RunningStep>()
  const pending = new Set<Promise<void>>()
  let steps: Steps | undefined

  const emit: ToBuilder['emit'] = (message) => {
    if (!channel.connected) return
    if (message.kind === 'log' && running.get(message.step)?.flow.send(message.text.length) === false) return
    channel.send?.(message)
  }
  const caughtUp: ToBuilder['caughtUp'] = (step) => running.get(step)?.flow.caughtUp()
  const stop = (step: RunningStep | undefined): void => {
    step?.controller.abort()
    step?.flow.release()
  }
  const answer = (step: string | undefined, action: () => Promise<FromWorker>): void => {
    const work = action()
      .catch((error: unknown): FromWorker => ({ kind: 'error', step, error: toErrorRecord(error) }))
      .then(emit)
    pending.add(work)
    void work.finally(() => pending.delete(work))
  }
  const openedSteps = (): Steps => {
    if (!steps) throw new Error('bug: a step before the start')
    return steps
  }

  const start = async (message: WorkerStart): Promise<FromWorker> => {
    const opened = await open(message, cleanups, { emit, caughtUp })
    steps = opened.steps
    return opened.answer
  }
  const run = async (request: RunRequest): Promise<FromWorker> => {
    const controller = new AbortController()
    running.set(request.step, { controller, flow: createOutputFlow() })
    try {
      return await openedSteps().run(request, controller.signal)
    } finally {
      running.delete(request.step)
    }
  }
  const shell = async (request: ShellRequest): Promise<FromWorker> => await openedSteps().shell(request)

  channel.on('message', (message) => {
    switch (message.kind) {
      case 'start':
        answer(undefined, () => start(message))
        break
      case 'run':
        answer(message.step, () => run(message))
        break
      case 'shell':
        answer(message.step, () => shell(message))
        break
      case 'stop':
        stop(running.get(message.step))
        break
      case 'received':
        running.get(message.step)?.flow.received(message.length)
        break
    }
  })
  // The builder has finished or died: either way, nothing that it asked for may stay.
  channel.on('disconnect', () => {
    for (const step of running.values()) stop(step)
    void Promise.allSettled(pending)
      .then(() => cleanups.run())
      .then(exit)
  })
  return { isInterruptible: () => steps?.isInterruptible() ?? false }
}
