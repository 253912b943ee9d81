import { expect, test } from 'vitest'
import { parseChmod } from '../../../lib/graph/evaluate/parse-chmod.ts'

test.each([
  // change, before, a file after, a directory after
  ['755', 0o600, 0o755, 0o755],
  ['0', 0o777, 0, 0],
  ['4755', 0o644, 0o4755, 0o4755],
  ['u=rwX,go=rX', 0o600, 0o644, 0o755],
  ['u=rwX,go=rX', 0o700, 0o755, 0o755],
  ['+x', 0o644, 0o755, 0o755],
  ['a-w', 0o666, 0o444, 0o444],
  ['go=', 0o777, 0o700, 0o700],
  ['=r', 0o4777, 0o444, 0o444],
  ['u+s,g+s', 0o755, 0o6755, 0o6755],
  ['a+s', 0o755, 0o6755, 0o6755],
  ['o+s', 0o755, 0o755, 0o755],
  ['+t', 0o755, 0o1755, 0o1755],
  ['g=u', 0o750, 0o770, 0o770],
  ['go=u-w', 0o755, 0o755, 0o755],
  ['o=g', 0o640, 0o644, 0o644],
  ['u=g', 0o4755, 0o4555, 0o4555],
  ['g=u-w', 0o6755, 0o6755, 0o6755],
  ['u-x+w', 0o555, 0o655, 0o655],
  ['-X', 0o755, 0o644, 0o644],
])('%s on %o', (change, before, file, directory) => {
  const { apply } = parseChmod(change)
  expect(apply(before, false).toString(8)).toBe(file.toString(8))
  expect(apply(before, true).toString(8)).toBe(directory.toString(8))
})

test('directories on the way get an octal mode without its special bits, and 0755 with a symbolic one', () => {
  expect(parseChmod('2700').parents).toBe(0o700)
  expect(parseChmod('go-rwx').parents).toBe(0o755)
})

test.each(['64a', '10000', '888', '-1', 'u', 'rwx', 'u+q', 'u=r,', ' 755'])('%j is refused', (text) => {
  expect(() => parseChmod(text)).toThrow(expect.objectContaining({ code: 'CHMOD_INVALID' }))
})
