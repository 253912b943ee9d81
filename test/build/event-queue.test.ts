import { expect, test } from 'vitest'
import { createEventQueue, type EventQueue } from '../../lib/build/event-queue.ts'
import type { BuildEvent } from '../../lib/executor/events.ts'

const log = (text: string, step = '1'): BuildEvent => ({ type: 'log', time: 0, step, stream: 'stdout', text })
const progress = (current: number, step = '1'): BuildEvent => ({
  type: 'progress',
  time: 0,
  step,
  current,
  unit: 'bytes',
})
const started = (step: string): BuildEvent => ({ type: 'started', time: 0, step })

function rest(queue: EventQueue): BuildEvent[] {
  const events: BuildEvent[] = []
  for (let event = queue.shift(); event; event = queue.shift()) events.push(event)
  return events
}

test('events come out in their order', () => {
  const queue = createEventQueue()
  const events = Array.from({ length: 10_000 }, (_, n) => log(`${n}`))
  const read: BuildEvent[] = []
  for (const event of events) {
    queue.push(event)
    if (read.length % 3 === 0) read.push(queue.shift() as BuildEvent)
  }
  expect([...read, ...rest(queue)]).toEqual(events)
  expect(queue.size()).toBe(0)
})

test('of the progress of a step the last one stays', () => {
  const queue = createEventQueue()
  for (const event of [started('1'), progress(1), log('a'), progress(1, '2'), progress(2), progress(2, '2')])
    queue.push(event)
  expect(rest(queue)).toEqual([started('1'), log('a'), progress(2), progress(2, '2')])
  queue.push(progress(3))
  expect(rest(queue)).toEqual([progress(3)])
})

test('beyond its limit a queue forgets the oldest output, and nothing else', () => {
  const queue = createEventQueue(10_000)
  queue.push(started('1'))
  for (let n = 0; n < 5000; n++) queue.push(log(`${n}`.padStart(900, '.')))
  queue.push(started('2'))
  queue.push(progress(5))
  expect(queue.size()).toBeLessThanOrEqual(10_000)
  const copy = queue.copy()
  const events = rest(copy)
  expect(events[0]).toEqual(started('1'))
  expect(events.slice(-2)).toEqual([started('2'), progress(5)])
  const logs = events.flatMap((event) => (event.type === 'log' ? Number(event.text.replaceAll('.', '')) : []))
  expect(logs).toEqual(Array.from({ length: 10 }, (_, n) => 4990 + n))
  // A copy is read alone.
  expect(queue.shift()).toEqual(started('1'))
})
