import { describe, expect, test } from 'vitest'
import { ttyProgress } from '../../../lib/cli/progress/tty.ts'
import { textWidth } from '../../../lib/cli/terminal/text-width.ts'
import { cached, done, failed, files, log, plan, show, started, view, warning } from './events.ts'

test('shows what is done, what runs and what is to come', () => {
  const events = [
    plan('[1/4] FROM base', '[2/4] WORKDIR /app', '[3/4] COPY . .', '[4/4] COPY x /'),
    cached(0, 's1'),
    started(0, 's2'),
    done(0.1, 's2'),
    started(0.1, 's3'),
    files(1, 's3', 1204, 5000),
  ]
  expect(show(ttyProgress(), events, view(2.5))).toEqual([
    'building 2/4                                            2.5s',
    ' ✔ [1/4] FROM base                                    CACHED',
    ' ✔ [2/4] WORKDIR /app                                   0.1s',
    ' ⠴ [3/4] COPY . .                  1,204 / 5,000 files  2.4s',
    ' · [4/4] COPY x /',
  ])
})

test('the picture that stays has no title and no step that never ran', () => {
  const events = [plan('a', 'b', 'c'), cached(0, 's1'), started(0, 's2'), failed(1.5, 's2', 'boom')]
  expect(show(ttyProgress(), events, view(2, { finished: true, width: 31 }))).toEqual([
    ' ✔ a                    CACHED',
    ' ✖ b               ERROR  1.5s',
    ' · 1 step not run',
  ])
})

test('running and failed steps show the end of their output', () => {
  const lines = Array.from({ length: 9 }, (_, i) => `line ${i + 1}`).join('\n')
  const running = [plan('a'), started(0, 's1'), log(0, 's1', `${lines}\n`)]
  expect(show(ttyProgress(), running, view(1)).slice(2)).toEqual([4, 5, 6, 7, 8, 9].map((n) => `   │ line ${n}`))
  expect(show(ttyProgress(2), running, view(1)).slice(2)).toEqual([8, 9].map((n) => `   │ line ${n}`))
  expect(show(ttyProgress(), [...running, done(1, 's1')], view(1))).toHaveLength(2)
  expect(show(ttyProgress(), [...running, failed(1, 's1', 'x')], view(1, { finished: true }))).toHaveLength(7)
})

test('warnings come below, at the end', () => {
  const events = [plan('a'), cached(0, 's1'), warning(0, 'Dockerfile:1:1: warning: odd [X]')]
  expect(show(ttyProgress(), events, view(1))).toHaveLength(2)
  expect(show(ttyProgress(), events, view(1, { finished: true })).slice(1)).toEqual([
    '',
    'Dockerfile:1:1: warning: odd [X]',
  ])
})

describe('many steps', () => {
  const names = Array.from({ length: 40 }, (_, i) => `step ${i + 1}`)
  const events = [
    plan(...names),
    ...names.slice(0, 30).map((_, i) => cached(0, `s${i + 1}`)),
    started(0, 's31'),
    started(0, 's32'),
  ]

  test('fold at both ends to fit the window', () => {
    expect(show(ttyProgress(), events, view(1, { height: 12, width: 31 }))).toEqual([
      'building 30/40            1.0s',
      ' ✔ 27 steps done, all cached',
      ' ✔ step 28              CACHED',
      ' ✔ step 29              CACHED',
      ' ✔ step 30              CACHED',
      ' ⠋ step 31                1.0s',
      ' ⠋ step 32                1.0s',
      ' · step 33',
      ' · step 34',
      ' · step 35',
      ' · 5 more steps',
    ])
  })

  test('fold where they were cached, in the picture that stays', () => {
    expect(
      show(ttyProgress(), [...events, done(1, 's31')], view(1, { finished: true, width: 31 })).slice(0, 2),
    ).toEqual([' ✔ 30 steps done, all cached', ' ✔ step 31                1.0s'])
  })

  test.each([1, 2, 3, 4, 5, 8, 20, 50])('never take more rows than a window of %d has, above one row', (height) => {
    expect(show(ttyProgress(), events, view(1, { height })).length).toBeLessThan(Math.max(height, 3))
  })

  test.each([1, 10, 20, 30, 80, 300])('never are wider than a window of %d, above twenty', (width) => {
    const lines = show(ttyProgress(), [...events, log(1, 's31', 'x'.repeat(400))], view(1, { width }))
    expect(Math.max(...lines.map(textWidth))).toBeLessThan(Math.max(width, 21))
  })
})

test('without Unicode there is only ASCII', () => {
  const events = [plan('a'.repeat(99), 'b', 'c'), started(0, 's1'), log(0, 's1', 'x'), cached(0, 's2')]
  expect(show(ttyProgress(), events, view(1, { unicode: false })).join('')).toMatch(/^[ -~]*$/)
})
