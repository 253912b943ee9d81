import { expect, test } from 'vitest'
import { entryWith } from '../../../lib/layers/entry-with.ts'
import type { FileTree, TreeEntry } from '../../../lib/layers/file-tree.ts'
import { subTree } from '../../../lib/layers/union/sub-tree.ts'
import { treeEntries } from '../../../lib/layers/union/tree-entries.ts'

const paths = ['a', 'a/b', 'a/b/c', 'ab', 'd']
const entry = (path: string): TreeEntry => {
  const type = paths.some((other) => other.startsWith(`${path}/`)) ? 'directory' : 'file'
  return { path, type, mode: 0o644, uid: 0, gid: 0, mtime: 0, size: 0 }
}
const tree: FileTree = {
  lookup: (path) => (paths.includes(path) ? entry(path) : undefined),
  list: (path) => paths.filter((p) => p.slice(0, Math.max(0, p.lastIndexOf('/'))) === path).map(entry),
}
const all = (part: FileTree): string[] => [...treeEntries(part)].map(({ path }) => path)

test.each([
  ['a', 'x', ['x', 'x/b', 'x/b/c']],
  ['a/b', 'x', ['x', 'x/c']],
  ['a/b/c', 'x', ['x']],
  ['', 'x', ['x', 'x/a', 'x/a/b', 'x/a/b/c', 'x/ab', 'x/d']],
  ['a', '', ['b', 'b/c']],
  ['missing', 'x', []],
])('the part at %j called %j', (path, name, expected) => {
  expect(all(subTree(tree, path, name))).toEqual(expected)
})

test('a directory may have more entries than a call can have arguments', () => {
  const many = Array.from({ length: 200_000 }, (_, n) => entryWith(entry('d'), { path: `a/${n}` }))
  const large: FileTree = { ...tree, list: (path) => (path === '' ? [entry('a')] : many) }
  expect(all(large)).toHaveLength(200_001)
})

test('nothing outside of the part can be looked up', () => {
  const part = subTree(tree, 'a', 'x')
  expect(part.lookup('x/b')?.path).toBe('x/b')
  for (const path of ['a', 'b', 'd', 'xb', 'x/../d']) expect(part.lookup(path)).toBeUndefined()
  expect(part.list('ab')).toEqual([])
})
