import { expect, test } from 'vitest'
import type { MemoryFile } from '../../lib/context/context-source.ts'
import { openMemory } from '../../lib/context/memory-tree.ts'

const open = (files: Record<string, MemoryFile>) => openMemory(new Map(Object.entries(files)))

test('files imply their directories', () => {
  const tree = open({ 'a/b/c': 'x', './a/d': new Uint8Array(3) })
  expect(tree.list('').map((entry) => entry.path)).toEqual(['a'])
  expect(tree.list('a').map((entry) => entry.path)).toEqual(['a/b', 'a/d'])
  expect(tree.lookup('a')).toMatchObject({ type: 'directory', mode: 0o755, uid: 0, gid: 0, mtime: 0 })
  expect(tree.lookup('a/b/c')).toMatchObject({ type: 'file', mode: 0o644, size: 1, mtime: 0 })
  expect(tree.lookup('a/d')).toMatchObject({ size: 3, content: { kind: 'bytes', bytes: new Uint8Array(3) } })
})

test('mode, time and symlinks can be given', () => {
  const tree = open({ run: { content: 'é', mode: 0o755, mtime: 5 }, link: { symlink: '../x' } })
  expect(tree.lookup('run')).toMatchObject({ mode: 0o755, mtime: 5, size: 2 })
  expect(tree.lookup('link')).toMatchObject({ type: 'symlink', linkname: '../x', mode: 0o777, size: 0 })
})

test.each([
  ['leaves the context', { '../a': '' }],
  ['leaves the context on the way', { 'a/../../b': '' }],
  ['is the root', { '/': '' }],
  ['is given twice', { a: '', './a': '' }],
  ['is a file and a directory', { a: '', 'a/b': '' }],
  ['is a directory and a file', { 'a/b': '', a: '' }],
])('a path that %s is refused', (_, files) => {
  expect(() => open(files)).toThrow(expect.objectContaining({ code: 'CONTEXT_INVALID' }))
})
