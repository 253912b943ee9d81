import { spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'
import type { Build, BuildResult } from '../../lib/build/build-options.ts'
import { type Progress, startBuild } from '../../lib/build/running-build.ts'
import type { BuildEvent } from '../../lib/executor/events.ts'

/** A build passes its result on as it is, so that a part of one will do. */
const RESULT = { names: ['x'] } as unknown as BuildResult
const log = (text: string): BuildEvent => ({ type: 'log', time: 0, step: '1', stream: 'stdout', text })
const LARGE = log('x'.repeat(1_000_000))

/** A build that a test carries out. */
function scripted(options: Parameters<typeof startBuild>[0] = {}) {
  let progress: Progress | undefined
  let end = (): void => {}
  const build = startBuild(options, async (given) => {
    progress = given
    await new Promise<void>((resolve) => {
      end = resolve
      given.signal.addEventListener('abort', () => resolve())
    })
    return RESULT
  })
  if (!progress) throw new Error('the build has not begun')
  return { build, end: () => end(), ...progress }
}

test('several iterations get all events each', async () => {
  const { build, emit, end } = scripted()
  const collect = async (): Promise<BuildEvent[]> => {
    const events: BuildEvent[] = []
    for await (const event of build) events.push(event)
    return events
  }
  const iterations = [collect(), collect()]
  emit(log('a'))
  await new Promise(setImmediate)
  emit(log('b'))
  const late = collect()
  end()
  expect(await Promise.all([...iterations, late])).toEqual(Array(3).fill([log('a'), log('b')]))
  expect(await collect()).toEqual([log('a'), log('b')])
})

test('without a reader nothing waits, and what is kept is bounded', async () => {
  const { build, emit, caughtUp, end } = scripted()
  emit({ type: 'started', time: 0, step: '1' })
  for (let n = 0; n < 50; n++) emit(LARGE)
  expect(caughtUp()).toBeUndefined()
  end()
  const types: string[] = []
  for await (const event of build) types.push(event.type)
  expect(types).toEqual(['started', 'log'])
})

test('an iteration that is behind is waited for until it has read, or is left', async () => {
  const { build, emit, caughtUp, end } = scripted()
  const iteration = build[Symbol.asyncIterator]()
  const first = iteration.next()
  emit(log('a'))
  expect(await first).toEqual({ done: false, value: log('a') })
  emit(LARGE)
  const waiting = caughtUp()
  expect(waiting).toBeInstanceOf(Promise)
  await iteration.next()
  await waiting
  expect(caughtUp()).toBeUndefined()
  emit(LARGE)
  const again = caughtUp()
  expect(again).toBeInstanceOf(Promise)
  await iteration.return?.()
  await again
  emit(LARGE)
  expect(caughtUp()).toBeUndefined()
  end()
  expect(await build).toBe(RESULT)
})

test('a listener that returns a promise is waited for', async () => {
  let settle = (): void => {}
  const onEvent = () =>
    new Promise<void>((resolve) => {
      settle = resolve
    })
  const { build, emit, caughtUp, end } = scripted({ onEvent })
  emit(log('a'))
  const waiting = caughtUp()
  expect(waiting).toBeInstanceOf(Promise)
  settle()
  await waiting
  await new Promise(setImmediate)
  expect(caughtUp()).toBeUndefined()
  end()
  await build
})

test.each<[string, () => unknown]>([
  [
    'throws',
    () => {
      throw new Error('listener')
    },
  ],
  ['rejects', () => Promise.reject(new Error('listener'))],
])('a listener that %s aborts the build with its error', async (_how, onEvent) => {
  const { build, emit, signal } = scripted({ onEvent })
  emit(log('a'))
  await expect(build).rejects.toThrow('listener')
  expect(signal.aborted).toBe(true)
  // A build that is over reads no more.
  emit(log('b'))
})

const running = async (build: AsyncIterable<BuildEvent>): Promise<BuildEvent[]> => {
  const events: BuildEvent[] = []
  for await (const event of build) events.push(event)
  return events
}

test('a build is a promise for whoever wants one', async () => {
  const { build, end } = scripted()
  const promise: Promise<BuildResult> = build
  end()
  expect(await Promise.all([promise, build.finally(() => {})])).toEqual([RESULT, RESULT])
})

test('a cancelled build rejects with the reason, and with an AbortError without one', async () => {
  for (const reason of [new Error('enough'), undefined]) {
    const { build, signal } = scripted()
    build.cancel(reason)
    await new Promise(setImmediate)
    expect(signal.reason).toMatchObject(reason ?? { name: 'AbortError' })
  }
})

test('a build that is over is not cancelled', async () => {
  const { build, end } = scripted()
  end()
  await build
  build.cancel()
  await build[Symbol.asyncDispose]()
  expect(await build).toBe(RESULT)
})

test.each<[string, (build: AsyncIterable<BuildEvent>) => Promise<unknown>]>([
  [
    'break',
    async (build) => {
      for await (const _ of build) break
    },
  ],
  [
    'an error',
    async (build) => {
      const loop = async () => {
        for await (const _ of build) throw new Error('of the reader')
      }
      await loop().catch(() => {})
    },
  ],
])('a loop that is left by %s cancels the build', async (_how, leave) => {
  const { build, emit, signal } = scripted()
  const left = leave(build)
  emit(log('a'))
  await left
  expect(signal.aborted).toBe(true)
})

test('a loop that is left does not cancel a build that others await or read', async () => {
  for (const other of [async (build: Build) => build, running]) {
    const { build, emit, signal, end } = scripted()
    const reading = other(build)
    const leaving = (async () => {
      for await (const _ of build) break
    })()
    await new Promise(setImmediate)
    emit(log('a'))
    await leaving
    expect(signal.aborted).toBe(false)
    end()
    await reading
  }
})

test('disposing ends a build, and does not reject', async () => {
  const { build, signal } = scripted()
  {
    await using disposed = build
    expect(disposed).toBe(build)
  }
  expect(signal.aborted).toBe(true)
})

/** The output of a program that imports running-build.ts, and its exit code. */
function program(code: string): { readonly status: number | null; readonly stderr: string } {
  const url = new URL('../../lib/build/running-build.ts', import.meta.url)
  const text = `import { startBuild } from ${JSON.stringify(url.href)}\n${code}`
  const { status, stderr } = spawnSync(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', text], {
    encoding: 'utf8',
  })
  return { status, stderr }
}

const FAILING = `const build = startBuild({}, async () => { throw new Error('no base image') })
await new Promise((resolve) => setTimeout(resolve, 50))\n`

test('a failure is kept until somebody asks, and a process that never asked warns', () => {
  expect(program(`${FAILING}try { await build } catch (error) { console.error(error.message) }`)).toEqual({
    status: 0,
    stderr: 'no base image\n',
  })
  const { status, stderr } = program(FAILING)
  expect(status).toBe(0)
  expect(stderr).toContain('a build failed that nobody awaited: no base image')
})
