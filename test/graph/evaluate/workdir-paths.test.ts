import { expect, test } from 'vitest'
import { copyDestination, joinWorkdir, workdirPath } from '../../../lib/graph/evaluate/workdir-paths.ts'

test.each([
  ['', 'app', '/app'],
  ['/app', 'src', '/app/src'],
  ['/app', '/other/', '/other/'],
  ['/app', '..', '/'],
  ['/app', '../../..', '/'],
  ['relative', 'x', '/relative/x'],
])('in %j, WORKDIR %s leads to %s', (current, path, expected) => {
  expect(joinWorkdir(current, path, 'linux')).toBe(expected)
})

test.each([
  ['/', 'a', '/a'],
  ['/app', 'a', '/app/a'],
  ['/app', '.', '/app/'],
  ['/app', './', '/app/'],
  ['/app', 'a/', '/app/a/'],
  ['/app', 'a/.', '/app/a/'],
  ['/app', '/x/../y/', '/y/'],
  ['/app', '/', '/'],
  ['/app', '../../..', '/'],
  ['/', '.', '/'],
  ['/app', 'a.', '/app/a.'],
])('in %j, the destination %s is %s', (workdir, destination, expected) => {
  expect(copyDestination(workdir, destination)).toBe(expected)
})

test('on Windows a working directory has backslashes, and still is a path of the image', () => {
  expect(joinWorkdir('', '/', 'windows')).toBe('\\')
  expect(joinWorkdir('\\app', 'src', 'windows')).toBe('\\app\\src')
  expect(workdirPath('\\app\\src', 'windows')).toBe('/app/src')
})
