import { EventEmitter } from 'node:events'
import { expect, test } from 'vitest'
import { fromErrorRecord } from '../../../lib/base/error-record.ts'
import { TsbuildError } from '../../../lib/base/errors.ts'
import type { FromWorker, RunRequest, ShellRequest, WorkerStart } from '../../../lib/executor/worker/protocol.ts'
import { type Steps, serveBuilder } from '../../../lib/executor/worker/serve-builder.ts'

/** A channel whose messages a test writes and reads. */
class TestChannel extends EventEmitter {
  connected = true
  readonly sent: FromWorker[] = []
  send(message: FromWorker): void {
    this.sent.push(message)
    this.emit('sent')
  }
  close(): void {
    this.connected = false
    this.emit('disconnect')
  }
  /** Waits until this many messages were sent. */
  async received(count: number): Promise<readonly FromWorker[]> {
    while (this.sent.length < count) await new Promise((resolve) => this.once('sent', resolve))
    return this.sent
  }
}

const START = { kind: 'start', isolation: 'auto' } as WorkerStart
const READY: FromWorker = {
  kind: 'ready',
  isolation: 'oci',
  program: 'x 1',
  overlay: true,
  recordsOwners: true,
  probes: [],
}
const runRequest = (step: string): RunRequest => ({ kind: 'run', step }) as RunRequest
const SHELL: ShellRequest = { kind: 'shell', step: 'shell', kept: 'k', args: [] }
const failed = (step: string): FromWorker => ({
  kind: 'failed',
  step,
  exit: { kind: 'exited', code: 1 },
  lastLines: [],
  kept: undefined,
  refused: false,
})
const STEPS: Steps = {
  run: async ({ step }) => failed(step),
  shell: async ({ step }) => failed(step),
  isInterruptible: () => true,
}

interface Served {
  readonly channel: TestChannel
  readonly events: string[]
  readonly exited: Promise<void>
  isInterruptible(): boolean
}

/** A started worker; `events` lists what it does at its end. */
async function serve(steps: Partial<Steps> = {}): Promise<Served> {
  const channel = new TestChannel()
  const events: string[] = []
  let exit = (): void => {}
  const exited = new Promise<void>((resolve) => {
    exit = () => {
      events.push('exit')
      resolve()
    }
  })
  const { isInterruptible } = serveBuilder(channel, {
    open: async (_, cleanups) => {
      cleanups.add(() => {
        events.push('clean up')
      })
      return { answer: READY, steps: { ...STEPS, ...steps } }
    },
    exit,
  })
  expect(isInterruptible()).toBe(false)
  channel.emit('message', START)
  expect(await channel.received(1)).toEqual([READY])
  return { channel, events, exited, isInterruptible }
}

/** Resolves when the signal aborts. */
const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => signal.addEventListener('abort', () => resolve()))

test('each request gets one answer', async () => {
  const { channel } = await serve()
  channel.emit('message', runRequest('a'))
  channel.emit('message', SHELL)
  expect(await channel.received(3)).toEqual([READY, failed('a'), failed('shell')])
})

test('messages about a step come before its answer', async () => {
  const log: FromWorker = { kind: 'log', step: 'a', stream: 'stdout', text: 'hello\n' }
  const channel = new TestChannel()
  serveBuilder(channel, {
    open: async (_start, _cleanups, { emit }) => ({
      answer: READY,
      steps: {
        ...STEPS,
        run: async ({ step }) => {
          emit(log)
          return failed(step)
        },
      },
    }),
    exit: () => {},
  })
  channel.emit('message', START)
  await channel.received(1)
  channel.emit('message', runRequest('a'))
  expect(await channel.received(3)).toEqual([READY, log, failed('a')])
})

test('the error of a step is an answer with its code', async () => {
  const error = new TsbuildError('MOUNT_INVALID', 'no', { hint: 'try' })
  const { channel } = await serve({ run: () => Promise.reject(error) })
  channel.emit('message', runRequest('a'))
  const [, answer] = await channel.received(2)
  expect(answer).toMatchObject({ kind: 'error', step: 'a' })
  if (answer?.kind !== 'error') throw new Error('no error')
  expect(fromErrorRecord(answer.error)).toMatchObject({ code: 'MOUNT_INVALID', message: 'no', hint: 'try' })
})

test('a start that fails is answered without a step', async () => {
  const channel = new TestChannel()
  serveBuilder(channel, { open: () => Promise.reject(new Error('no disk')), exit: () => {} })
  channel.emit('message', START)
  expect(await channel.received(1)).toMatchObject([{ kind: 'error', step: undefined, error: { message: 'no disk' } }])
})

test('without a back-end no step runs', async () => {
  const channel = new TestChannel()
  const unavailable: FromWorker = { kind: 'unavailable', probes: [{ name: 'runc', ok: false, detail: 'none' }] }
  serveBuilder(channel, { open: async () => ({ answer: unavailable, steps: undefined }), exit: () => {} })
  channel.emit('message', START)
  expect(await channel.received(1)).toEqual([unavailable])
  channel.emit('message', runRequest('a'))
  expect((await channel.received(2))[1]).toMatchObject({ kind: 'error', step: 'a' })
})

test('stop aborts the step that it names, and no other', async () => {
  const stopped: string[] = []
  const { channel } = await serve({
    run: async ({ step }, signal) => {
      await aborted(signal)
      stopped.push(step)
      return failed(step)
    },
  })
  channel.emit('message', runRequest('a'))
  channel.emit('message', runRequest('b'))
  channel.emit('message', { kind: 'stop', step: 'b' })
  channel.emit('message', { kind: 'stop', step: 'unknown' })
  expect(await channel.received(2)).toEqual([READY, failed('b')])
  expect(stopped).toEqual(['b'])
  channel.close()
})

test('when the channel closes, steps are aborted and awaited, then everything is cleaned up, then the process exits', async () => {
  const { channel, events, exited } = await serve({
    run: async ({ step }, signal) => {
      await aborted(signal)
      await new Promise((resolve) => setTimeout(resolve, 20))
      events.push('step ended')
      return failed(step)
    },
  })
  channel.emit('message', runRequest('a'))
  channel.close()
  await exited
  expect(events).toEqual(['step ended', 'clean up', 'exit'])
  // Nothing is sent to a builder that is gone.
  expect(channel.sent).toEqual([READY])
})

test('whether a Ctrl-C is passed on is up to the steps', async () => {
  let interruptible = false
  const { isInterruptible } = await serve({ isInterruptible: () => interruptible })
  expect(isInterruptible()).toBe(false)
  interruptible = true
  expect(isInterruptible()).toBe(true)
})
