import { posix } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { baseName, cleanPath, goClean, joinPath, parentPath, splitPath } from '../../lib/base/paths.ts'

/** Paths of the components that make a difference. */
const paths = fc
  .array(fc.constantFrom('', '.', '..', 'a', '...', '.a', 'b.'), { maxLength: 8 })
  .map((parts) => parts.join('/'))

test('a clean path is what POSIX makes of the path below the root', () => {
  fc.assert(
    fc.property(paths, (path) => {
      expect(`/${cleanPath(path)}`).toBe(posix.resolve('/', path === '' ? '.' : `./${path}`))
    }),
  )
})

test('goClean is Go’s path.Clean', () => {
  fc.assert(
    fc.property(paths, (path) => {
      const normal = posix.normalize(path)
      expect(goClean(path)).toBe(normal.length > 1 && normal.endsWith('/') ? normal.slice(0, -1) : normal)
    }),
  )
})

test.each([
  ['', '', ''],
  ['a', '', 'a'],
  ['a/b', 'a', 'b'],
  ['a/b/c', 'a/b', 'c'],
])('%j is taken apart, and put together again', (path, parent, name) => {
  expect([parentPath(path), baseName(path)]).toEqual([parent, name])
  expect(splitPath(path)).toEqual({ parent, name })
  expect(joinPath(parent, name)).toBe(path)
})
