import { expect, test } from 'vitest'
import { createOutputFlow, REPORT_SIZE } from '../../../lib/executor/worker/output-flow.ts'

const LARGE = 1024 * 1024

test('a sender waits while its reader is behind', async () => {
  const flow = createOutputFlow()
  expect(flow.send(1)).toBe(true)
  expect(flow.caughtUp()).toBeUndefined()
  expect(flow.send(LARGE)).toBe(true)
  const events: string[] = []
  const waiting = flow.caughtUp()?.then(() => events.push('goes on'))
  expect(waiting).toBeInstanceOf(Promise)
  flow.received(REPORT_SIZE)
  await new Promise(setImmediate)
  expect(events).toEqual([])
  // A reader may keep less than this to itself.
  flow.received(LARGE - 2 * REPORT_SIZE + 1)
  await waiting
  expect(flow.caughtUp()).toBeUndefined()
})

test('a sender that is released waits no more, and sends no more than fits', async () => {
  const flow = createOutputFlow()
  flow.send(LARGE)
  const waiting = flow.caughtUp()
  flow.release()
  await waiting
  expect(flow.caughtUp()).toBeUndefined()
  expect(flow.send(1)).toBe(false)
  flow.received(LARGE)
  expect(flow.send(1)).toBe(true)
})
