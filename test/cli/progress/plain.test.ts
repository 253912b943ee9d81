import { expect, test } from 'vitest'
import { plainProgress } from '../../../lib/cli/progress/plain.ts'
import type { BuildEvent } from '../../../lib/executor/events.ts'
import { cached, done, failed, files, log, plan, show, started, view, warning } from './events.ts'

const draw = (...events: Parameters<typeof show>[1]): string => show(plainProgress, events, view(0)).join('\n')

test('a step has its name, and its time when it is done', () => {
  expect(draw(plan('[1/1] COPY . .'), started(0, 's1'), done(0.42, 's1'))).toBe('#1 [1/1] COPY . .\n#1 DONE 0.4s')
})

test('a cached step says so, whether it was started or not', () => {
  expect(draw(plan('a', 'b'), cached(0, 's1'), started(0, 's2'), cached(0, 's2'))).toBe(
    '#1 a\n#1 CACHED\n#2 b\n#2 CACHED',
  )
})

test('output has its step and time; a step that goes on after another says its name again', () => {
  expect(
    draw(
      plan('a', 'b'),
      started(0, 's1'),
      log(0.5, 's1', 'one\ntwo\n'),
      started(1, 's2'),
      log(1.25, 's1', 'three'),
      done(2, 's1'),
      done(2, 's2'),
    ),
  ).toBe(
    ['#1 a', '#1 0.500 one', '#1 0.500 two', '#2 b', '', '#1 a', '#1 1.250 three', '#1 DONE 2.0s', '#2 DONE 1.0s'].join(
      '\n',
    ),
  )
})

test('a failed step says why', () => {
  expect(draw(plan('a'), started(0, 's1'), failed(1, 's1', 'no such file'))).toBe('#1 a\n#1 ERROR: no such file')
})

test('a long step says how far it is every five seconds', () => {
  const amounts = [1, 4, 5, 9, 10, 12].map((second) => files(second, 's1', second * 1000))
  expect(draw(plan('a'), started(0, 's1'), ...amounts)).toBe('#1 a\n#1 5.000 5,000 files\n#1 10.000 10,000 files')
})

test('a warning stands by itself', () => {
  expect(
    draw(plan('a'), cached(0, 's1'), warning(1, 'Dockerfile:1:1: warning: odd [X]\n> 1 | FROM'), cached(2, 's1')),
  ).toBe('#1 a\n#1 CACHED\n\nDockerfile:1:1: warning: odd [X]\n> 1 | FROM\n\n#1 CACHED')
})

test('a step that is not cached says why, unless nothing of the build was ever made', () => {
  const missed = (step: string, reason: string, isFirst?: true): BuildEvent => ({
    ...{ type: 'missed', time: 0, step, reason, details: [] },
    ...(isFirst && { isFirst }),
  })
  const first = missed('s2', 'it was never built here', true)
  expect(draw(plan('[1/2] FROM a', 'b'), cached(0, 's1'), started(0, 's2'), first)).not.toContain('not cached')
  expect(draw(plan('a', 'b'), cached(0, 's1'), started(0, 's2'), first)).toContain(
    '#2 not cached: it was never built here',
  )
  expect(draw(plan('a'), started(0, 's1'), missed('s1', 'a\x1b[2J changed'))).toBe('#1 a\n#1 not cached: a␛[2J changed')
})

test('of a progress bar, only its end is worth a line', () => {
  const bar = [' 10%\r', ' 50%\r', '100%\nnext\nprompt> '].map((text) => log(0, 's1', text))
  expect(draw(plan('a'), started(0, 's1'), ...bar)).toBe('#1 a\n#1 0.000 100%\n#1 0.000 next\n#1 0.000 prompt> ')
  const cut = [' 10%\r', ' 50%\r'].map((text) => log(0, 's1', text))
  expect(draw(plan('a'), started(0, 's1'), ...cut, done(0, 's1'))).toBe('#1 a\n#1 0.000  50%\n#1 DONE 0.0s')
})

test('control characters of names are shown, and those of output have no effect', () => {
  expect(draw(plan('a\x1b[2J'), started(0, 's1'), log(0, 's1', '\x1b]0;title\x07'))).toBe('#1 a␛[2J\n#1 0.000 ')
})
