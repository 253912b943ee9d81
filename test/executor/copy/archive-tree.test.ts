import { expect, test } from 'vitest'
import { archiveTree } from '../../../lib/executor/copy/archive-tree.ts'
import type { FileTree } from '../../../lib/layers/file-tree.ts'
import { parseEntries } from '../tree-text.ts'

function paths(tree: FileTree, directory = ''): string[] {
  return tree.list(directory).flatMap((entry) => {
    const { path, type, mode, uid, mtime, inode, linkname } = entry
    const more = [inode === undefined ? '' : ` #${inode}`, linkname === undefined ? '' : ` -> ${linkname}`].join('')
    return [`${type[0]} ${mode.toString(8)} ${uid} ${path} @${mtime}${more}`, ...paths(tree, path)]
  })
}

test('an archive is a tree: the last of a name counts, directories are merged, missing ones are made', () => {
  const tree = archiveTree(
    parseEntries(`
      f 644 1:1 a = one
      d 700 2:2 d @5
      f 600 1:1 d/x
      f 600 1:1 e/f/g
      f 640 3:3 a = two
      d 711 3:3 d @7
      f 644 0:0 .wh.x
    `),
    50,
  )
  expect(paths(tree)).toEqual([
    'f 644 0 .wh.x @100',
    'f 640 3 a @100',
    'd 711 3 d @7',
    'f 600 1 d/x @100',
    'd 755 0 e @50',
    'd 755 0 e/f @50',
    'f 600 1 e/f/g @100',
  ])
  expect(tree.lookup('')).toMatchObject({ type: 'directory', mode: 0o755, mtime: 50 })
  expect(tree.lookup('a')?.sha256).toBe('sha256 of two')
  expect(tree.lookup('d/none')).toBeUndefined()
  expect(tree.list('a')).toEqual([])
})

test('hard links share an inode, and each other have another one', () => {
  const tree = archiveTree(
    parseEntries(`
      f 644 0:0 a = one
      h 600 4:4 b -> a
      f 644 0:0 c = one
      h 644 0:0 d -> c
    `),
    0,
  )
  expect(paths(tree)).toEqual(['f 600 4 a @100 #0', 'f 600 4 b @100 #0', 'f 644 0 c @100 #1', 'f 644 0 d @100 #1'])
  expect(tree.lookup('b')?.inode).toBe(tree.lookup('a')?.inode)
})

test('symlinks lead nowhere but into the tree', () => {
  const tree = archiveTree(
    parseEntries(`
      l 777 0:0 up -> ../../..
      f 644 0:0 up/etc/passwd = mine
      l 777 0:0 root -> /
      f 644 0:0 root/etc/shadow = mine
    `),
    0,
  )
  expect(paths(tree).map((line) => line.split(' ')[3])).toEqual(['etc', 'etc/passwd', 'etc/shadow', 'root', 'up'])
})

test('a hard link to nothing is an error', () => {
  expect(() => archiveTree(parseEntries('h 644 0:0 a -> b'), 0)).toThrow(
    expect.objectContaining({ code: 'ARCHIVE_INVALID' }),
  )
})

test('a link that is replaced leaves the other one as it is', () => {
  const tree = archiveTree(
    parseEntries(`
      f 644 0:0 a = one
      h 644 0:0 b -> a
      f 644 0:0 a = two
    `),
    0,
  )
  expect([tree.lookup('a')?.sha256, tree.lookup('b')?.sha256]).toEqual(['sha256 of two', 'sha256 of one'])
})

test.each([
  [-1, 0],
  [-0.5, 0],
  [0, 0],
  [2 ** 33, 2 ** 33],
  [2 ** 40, 0],
])('a time that a disk might not have is the epoch: %d becomes %d', (mtime, expected) => {
  const entry = { type: 'file', mode: 0o644, uid: 0, gid: 0, mtime, size: 0 } as const
  const tree = archiveTree(
    [
      { ...entry, path: 'a' },
      { ...entry, path: 'd', type: 'directory' },
    ],
    50,
  )
  expect([tree.lookup('a')?.mtime, tree.lookup('d')?.mtime]).toEqual([expected, expected])
})
