import { execFileSync } from 'node:child_process'
import { chmodSync, linkSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openDirectory } from '../../lib/context/directory-tree.ts'

let root = ''
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'directory-tree-'))
})
afterEach(() => rmSync(root, { recursive: true }))

test('entries are sorted, belong to root, and keep mode, size and time', () => {
  mkdirSync(join(root, 'b'))
  chmodSync(join(root, 'b'), 0o1777)
  writeFileSync(join(root, 'b.txt'), 'hello')
  chmodSync(join(root, 'b.txt'), 0o4751)
  utimesSync(join(root, 'b.txt'), 1, 1_577_836_800.25)
  writeFileSync(join(root, 'a'), '')
  const tree = openDirectory(root)
  expect(tree.list('').map((entry) => entry.path)).toEqual(['a', 'b', 'b.txt'])
  expect(tree.lookup('b')).toMatchObject({ type: 'directory', mode: 0o1777, uid: 0, gid: 0, size: 0 })
  expect(tree.lookup('b.txt')).toMatchObject({
    type: 'file',
    mode: 0o4751,
    uid: 0,
    gid: 0,
    size: 5,
    mtime: 1_577_836_800.25,
    content: { kind: 'file', path: join(root, 'b.txt') },
  })
  expect(tree.lookup('b.txt')?.stat?.mtimeMs).toBe(1_577_836_800_250)
  expect(tree.lookup('c')).toBeUndefined()
  expect(tree.list('a')).toEqual([])
  expect(tree.lookup('')).toMatchObject({ path: '', type: 'directory' })
})

test('symlinks are entries, and never followed', () => {
  mkdirSync(join(root, 'real'))
  writeFileSync(join(root, 'real/x'), '')
  symlinkSync('real', join(root, 'link'))
  symlinkSync('/etc', join(root, 'out'))
  const tree = openDirectory(root)
  expect(tree.lookup('link')).toMatchObject({ type: 'symlink', linkname: 'real', mode: 0o777, size: 0 })
  expect(tree.lookup('link/x')).toBeUndefined()
  expect(tree.list('out')).toEqual([])
  expect(tree.lookup('out/passwd')).toBeUndefined()
})

test('hard links share an inode, lone files have none', () => {
  writeFileSync(join(root, 'a'), 'x')
  linkSync(join(root, 'a'), join(root, 'b'))
  writeFileSync(join(root, 'c'), 'x')
  const tree = openDirectory(root)
  expect(tree.lookup('a')?.inode).toMatch(/^\d+:\d+$/)
  expect(tree.lookup('b')?.inode).toBe(tree.lookup('a')?.inode)
  expect(tree.lookup('c')?.inode).toBeUndefined()
})

test.skipIf(process.platform === 'win32')('fifos are kept, sockets become empty files', async () => {
  execFileSync('mkfifo', ['-m', '600', join(root, 'pipe')])
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(join(root, 'socket'), resolve))
  try {
    const tree = openDirectory(root)
    expect(tree.lookup('pipe')).toMatchObject({ type: 'fifo', mode: 0o600 })
    expect(tree.lookup('socket')).toMatchObject({ type: 'file', size: 0, content: { kind: 'bytes' } })
  } finally {
    await new Promise((resolve) => server.close(resolve))
  }
})

test.skipIf(process.platform !== 'linux')('names that are not UTF-8 keep their bytes, and can be looked into', () => {
  mkdirSync(Buffer.concat([Buffer.from(`${root}/d`), Buffer.of(0xff)]))
  writeFileSync(Buffer.concat([Buffer.from(`${root}/d`), Buffer.of(0xff), Buffer.from('/é')]), 'x')
  symlinkSync(Buffer.of(0xfe), join(root, 'link'))
  const tree = openDirectory(root)
  expect(tree.list('').map((entry) => entry.path)).toEqual(['d\udcff', 'link'])
  expect(tree.lookup('d\udcff/é')).toMatchObject({ type: 'file', size: 1 })
  expect(tree.lookup('link')?.linkname).toBe('\udcfe')
})

test('a root that is not there, and one that is no directory, are told apart', () => {
  writeFileSync(join(root, 'file'), '')
  expect(() => openDirectory(join(root, 'none'))).toThrow(expect.objectContaining({ code: 'CONTEXT_NOT_FOUND' }))
  expect(() => openDirectory(join(root, 'file'))).toThrow(expect.objectContaining({ code: 'CONTEXT_INVALID' }))
})

test('the root itself may be a symlink', () => {
  mkdirSync(join(root, 'real'))
  writeFileSync(join(root, 'real/x'), '')
  symlinkSync('real', join(root, 'link'))
  expect(openDirectory(join(root, 'link')).lookup('x')).toMatchObject({ type: 'file' })
})

test('a directory that goes away while the tree is read is an error, not an empty directory', () => {
  mkdirSync(join(root, 'd'))
  const tree = openDirectory(root)
  expect(tree.list('')).toHaveLength(1)
  rmSync(join(root, 'd'), { recursive: true })
  expect(() => tree.list('d')).toThrow(expect.objectContaining({ code: 'CONTEXT_CHANGED' }))
})

test.skipIf(process.getuid?.() === 0)('a directory that cannot be read is an error with a hint', () => {
  mkdirSync(join(root, 'd'), { mode: 0 })
  expect(() => openDirectory(root).list('d')).toThrow(
    expect.objectContaining({ code: 'CONTEXT_INVALID', hint: expect.stringContaining('.dockerignore') }),
  )
})
