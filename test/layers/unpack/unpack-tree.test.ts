import fs from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { SourceEntry } from '../../../lib/layers/entry.ts'
import type { FileTree } from '../../../lib/layers/file-tree.ts'
import { createUnionView } from '../../../lib/layers/union/union-view.ts'
import { unpackTree } from '../../../lib/layers/unpack/unpack-tree.ts'
import { writeLayer } from '../../../lib/layers/write-layer.ts'
import { directory, file, hardlink, noise, symlink, temporaryDirectory, temporaryStore } from '../support/entries.ts'

test('files, directories, links, modes and times are as in the tree', async () => {
  const large = noise(2_500_000)
  const dest = join(temporaryDirectory(), 'new/out')
  const result = await unpackTree(
    await tree([
      directory('ro', { mode: 0o555, mtime: 1000 }),
      file('ro/large', large, { mode: 0o4755, mtime: 1234.5 }),
      file('empty', '', { mode: 0 }),
      symlink('ro/link', '/nowhere/at all'),
      hardlink('hard', 'empty'),
      file('\udcff', 'bytes'),
    ]),
    dest,
  )
  expect(result).toEqual({ entries: 6, bytes: large.length + 5, losses: [], unowned: [] })
  expect(fs.readFileSync(join(dest, 'ro/large')).equals(large)).toBe(true)
  expect(fs.statSync(join(dest, 'ro/large'))).toMatchObject({ mode: 0o104755, mtimeMs: 1_234_500 })
  expect(fs.statSync(join(dest, 'ro'))).toMatchObject({ mode: 0o40555, mtimeMs: 1_000_000 })
  expect(fs.readlinkSync(join(dest, 'ro/link'))).toBe('/nowhere/at all')
  expect(fs.lstatSync(join(dest, 'ro/link')).mtimeMs).toBe(1_700_000_000_000)
  expect(fs.statSync(join(dest, 'hard')).ino).toBe(fs.statSync(join(dest, 'empty')).ino)
  expect(fs.readFileSync(Buffer.concat([Buffer.from(`${dest}/`), Buffer.of(0xff)]), 'utf8')).toBe('bytes')
  fs.chmodSync(join(dest, 'ro'), 0o755)
})

test('what the directory has stays, unless it is in the way', async () => {
  const dest = temporaryDirectory()
  fs.mkdirSync(join(dest, 'both/sub'), { recursive: true })
  fs.mkdirSync(join(dest, 'was-directory/sub'), { recursive: true })
  fs.writeFileSync(join(dest, 'both/mine'), 'mine')
  fs.writeFileSync(join(dest, 'both/theirs'), 'old')
  fs.writeFileSync(join(dest, 'was-file'), 'old')
  await unpackTree(await tree([file('both/theirs', 'new'), file('was-directory', 'f'), file('was-file/x', 'x')]), dest)
  const read = (path: string): string => fs.readFileSync(join(dest, path), 'utf8')
  expect(['both/mine', 'both/theirs', 'was-directory', 'was-file/x'].map(read)).toEqual(['mine', 'new', 'f', 'x'])
  expect(fs.existsSync(join(dest, 'both/sub'))).toBe(true)
})

test('unpacking again gives the same', async () => {
  const dest = temporaryDirectory()
  const source = await tree([directory('d', { mode: 0o555 }), file('d/x', 'x', { mode: 0o444 }), symlink('l', 'd')])
  await unpackTree(source, dest)
  await unpackTree(source, dest)
  expect(fs.readFileSync(join(dest, 'd/x'), 'utf8')).toBe('x')
  fs.chmodSync(join(dest, 'd'), 0o755)
})

test.each([
  ['a directory', (outside: string, dest: string) => fs.symlinkSync(outside, join(dest, 'a')), [file('a/x', 'evil')]],
  [
    'a deep directory',
    (outside: string, dest: string) => {
      fs.mkdirSync(join(dest, 'a'))
      fs.symlinkSync(outside, join(dest, 'a/b'))
    },
    [file('a/b/x', 'evil')],
  ],
  [
    'a file',
    (outside: string, dest: string) => fs.symlinkSync(join(outside, 'x'), join(dest, 'a')),
    [file('a', 'evil')],
  ],
])('a symlink in the directory where the tree has %s is replaced, never followed', async (_, prepare, entries) => {
  const [outside, dest] = [temporaryDirectory(), temporaryDirectory()]
  fs.writeFileSync(join(outside, 'x'), 'good')
  prepare(outside, dest)
  await unpackTree(await tree(entries), dest)
  expect(fs.readFileSync(join(outside, 'x'), 'utf8')).toBe('good')
  expect(fs.readdirSync(outside)).toEqual(['x'])
  const [{ path } = { path: '' }] = entries
  expect(fs.readFileSync(join(dest, path), 'utf8')).toBe('evil')
})

test('no symlink of the tree is followed either', async () => {
  const [outside, dest] = [temporaryDirectory(), temporaryDirectory()]
  await unpackTree(await tree([symlink('a', outside), symlink('b', 'a')], [file('b/x', 'evil')]), dest)
  expect(fs.readdirSync(outside)).toEqual([])
  expect(fs.lstatSync(join(dest, 'a')).isSymbolicLink()).toBe(true)
  expect(fs.readFileSync(join(dest, 'b/x'), 'utf8')).toBe('evil')
})

test('what the directory cannot show is reported', async () => {
  const base = { mode: 0o600, uid: 0, gid: 0, mtime: 0, size: 0 } as const
  const device: SourceEntry = { ...base, path: 'null', type: 'character', devMajor: 1, devMinor: 3 }
  const dest = temporaryDirectory()
  const { losses } = await unpackTree(
    await tree([device, hardlink('null2', 'null'), file('x', '', { xattrs: { 'user.a': Buffer.of(1) } })]),
    dest,
  )
  expect(losses).toContainEqual({ path: 'x', kind: 'xattrs' })
  const made = fs.existsSync(join(dest, 'null'))
  expect(losses.filter((loss) => loss.kind === 'node').map((loss) => loss.path)).toEqual(made ? [] : ['null', 'null2'])
  if (made) expect(fs.statSync(join(dest, 'null')).isCharacterDevice()).toBe(true)
})

test('everything belongs to the caller, and keeps its mode', async () => {
  const dest = temporaryDirectory()
  await unpackTree(
    await tree([directory('d', { uid: 1, gid: 2 }), file('d/x', '', { uid: 1234, gid: 5678, mode: 0o4711 })]),
    dest,
  )
  const caller = { uid: process.getuid?.(), gid: process.getgid?.() }
  expect(fs.statSync(join(dest, 'd'))).toMatchObject(caller)
  expect(fs.statSync(join(dest, 'd/x'))).toMatchObject({ ...caller, mode: 0o104711 })
})

test('a directory that cannot be made is an output error', async () => {
  const path = join(temporaryDirectory(), 'file')
  fs.writeFileSync(path, '')
  await expect(unpackTree(await tree([]), join(path, 'below'))).rejects.toMatchObject({ code: 'OUTPUT_IO' })
})

test('a signal stops it', async () => {
  const entries = Array.from({ length: 600 }, (_, i) => file(`${i}`, ''))
  const signal = AbortSignal.abort(new Error('enough'))
  await expect(unpackTree(await tree(entries), temporaryDirectory(), { signal })).rejects.toThrow('enough')
})

/** Layers as a tree whose content is in a store. */
async function tree(...layers: readonly (readonly SourceEntry[])[]): Promise<FileTree> {
  const store = temporaryStore()
  const written = []
  for (const entries of layers) {
    const { diffID, index } = await writeLayer(entries, store, { compression: { algorithm: 'uncompressed' } })
    written.push({ diffID, index: await index(), plainPath: store.path(diffID) })
  }
  return createUnionView(written)
}
