import { expect, test } from 'vitest'
import { filterTree } from '../../lib/context/filter-tree.ts'
import { createPatternMatcher } from '../../lib/context/ignore/ignore-matcher.ts'
import { openMemory } from '../../lib/context/memory-tree.ts'
import type { FileTree } from '../../lib/layers/file-tree.ts'

const FILES = 'a.log src/a.log src/main.js src/deep/b.log docs/x/y.md docs/z.txt vendor/lib/index.js'.split(' ')
const tree = openMemory(new Map(FILES.map((path) => [path, ''])))

function everything(filtered: FileTree, path = ''): string {
  return filtered
    .list(path)
    .map((entry) => (entry.type === 'directory' ? `${entry.path}/ ${everything(filtered, entry.path)}` : entry.path))
    .join(' ')
    .replace(/ +/g, ' ')
    .trim()
}

test.each([
  [
    'nothing',
    [],
    'a.log docs/ docs/x/ docs/x/y.md docs/z.txt src/ src/a.log src/deep/ src/deep/b.log src/main.js vendor/ vendor/lib/ vendor/lib/index.js',
  ],
  ['a directory', ['docs', 'vendor', 'src'], 'a.log'],
  ['files, leaving directories empty', ['**/*.log', 'docs', 'vendor'], 'src/ src/deep/ src/main.js'],
  ['all but an exception, whose parents stay', ['*', '!docs/x/*.md'], 'docs/ docs/x/ docs/x/y.md'],
  ['all but a directory', ['*', '!src/deep'], 'src/ src/deep/ src/deep/b.log'],
  ['an exception that is nowhere', ['*', '!docs/none'], ''],
])('ignoring %s', (_, patterns, expected) => {
  const filtered = filterTree(tree, createPatternMatcher(patterns))
  expect(everything(filtered)).toBe(expected)
  for (const path of FILES) expect(filtered.lookup(path) !== undefined, path).toBe(expected.split(' ').includes(path))
})

test('what nothing can bring back is never read', () => {
  const read: string[] = []
  const watched: FileTree = {
    lookup: (path) => tree.lookup(path),
    list: (path) => {
      read.push(path)
      return tree.list(path)
    },
  }
  const filtered = filterTree(watched, createPatternMatcher(['*', '!src/main.js']))
  expect(everything(filtered)).toBe('src/ src/main.js')
  expect(filtered.lookup('vendor/lib/index.js')).toBeUndefined()
  expect(read).toEqual(['', 'src'])
})

test('the root is there even when everything is ignored', () => {
  expect(filterTree(tree, createPatternMatcher(['*'])).lookup('')).toMatchObject({ type: 'directory' })
})
