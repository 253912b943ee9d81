// The clock of a call, and what a result and an error say of its steps.
import { expect, test } from 'vitest'
import { type BuildEvent, type BuildOptions, build, type Clock, TsbuildError } from '../../lib/index.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

/** A clock that stands still until somebody looks at it: each look is a second later. */
function countingClock(start: string): Clock & { readonly looks: () => number } {
  const first = Date.parse(start)
  let looks = 0
  return { now: () => first + 1000 * looks++, looks: () => looks }
}

const START = '2001-02-03T04:05:06.000Z'

const options = (text: string, more: Partial<BuildOptions> = {}): BuildOptions => ({
  context: new Map([['a', { content: 'a\n', mtime: 5 }]]),
  dockerfile: { text },
  store: temporaryDirectory(),
  env: {},
  ...more,
})

test('events, durations and the times of an image come from the clock of the call', async () => {
  const clock = countingClock(START)
  const times: number[] = []
  const onEvent = ({ time }: BuildEvent): void => void times.push(time)
  const result = await build(options('FROM scratch\nWORKDIR /srv\nCOPY a .\n', { clock, onEvent }))
  const last = Date.parse(START) + 1000 * clock.looks()
  expect(times.length).toBeGreaterThan(4)
  for (const time of times) expect(time >= Date.parse(START) && time <= last).toBe(true)
  expect(result.duration).toBe(1000 * (clock.looks() - 1))
  const created = Date.parse(result.image.config.created ?? '')
  expect(created >= Date.parse(START) && created <= last).toBe(true)
  for (const { duration } of result.stepResults) expect(duration).toBeGreaterThanOrEqual(1000)
})

test('a result has each step with its layer, stage and line, and sizes', async () => {
  const text = 'FROM scratch AS one\nCOPY a /\nFROM scratch\nCOPY --from=one /a /b\n'
  const given = options(text, { tags: ['app:1'] })
  const first = await build(given)
  const list = first.stepResults
  expect(first.steps).toEqual({ total: 2, cached: 0 })
  expect(list.map(({ instruction, line, stage }) => [instruction, line, stage])).toEqual([
    ['COPY', 2, { index: 0, name: 'one' }],
    ['COPY', 4, { index: 1, name: undefined }],
  ])
  expect(list[1]?.layer).toEqual(first.image.layers[0])
  const { manifest, descriptor } = first.image
  expect(first.size).toBe(descriptor.size + manifest.config.size + (manifest.layers[0]?.size ?? 0))
  expect([first.names, first.shortNames]).toEqual([['docker.io/library/app:1'], ['app:1']])
  const second = await build(given)
  expect(second.stepResults.map((step) => step.cached)).toEqual([true, true])
})

test('an error names its step', async () => {
  const failed = await build(options('FROM scratch AS one\nCOPY b /\n')).then(
    () => undefined,
    (error: unknown) => error,
  )
  expect(failed).toBeInstanceOf(TsbuildError)
  expect(failed).toMatchObject({ step: '[one 1/1] COPY b /', log: [], exitCode: undefined })
  expect(JSON.parse(JSON.stringify(failed))).toMatchObject({
    step: '[one 1/1] COPY b /',
    code: 'COPY_SOURCE_NOT_FOUND',
  })
})
