import { expect, test } from 'vitest'
import type { LayerEntry } from '../../../lib/layers/entry.ts'
import { entryWith, type PlainEntry } from '../../../lib/layers/entry-with.ts'
import type { FileTree } from '../../../lib/layers/file-tree.ts'
import { resolvePath } from '../../../lib/layers/paths/resolve-path.ts'
import { treeEntries } from '../../../lib/layers/union/tree-entries.ts'
import { createUnionView, extendUnionView, type UnionLayer } from '../../../lib/layers/union/union-view.ts'
import type { DiffID } from '../../../lib/oci/types.ts'
import { directory, file, hardlink, symlink } from '../support/entries.ts'

const d = (path: string, mode?: number): PlainEntry => directory(path, mode === undefined ? {} : { mode })
const f = (path: string, text = path): PlainEntry => file(path, text)

test.each<[string, readonly (readonly PlainEntry[])[], string]>([
  ['nothing is an empty root', [], ''],
  ['files of all layers are there', [[d('a'), f('a/x')], [f('a/y')]], 'a/ a/x@0 a/y@1'],
  ['a higher file wins', [[f('a')], [f('a')]], 'a@1'],
  ['the last of one layer wins', [[f('a', '1'), f('a', '22')]], 'a@0'],
  ['a whiteout hides a file', [[f('a'), f('b')], [f('.wh.a')]], 'b@0'],
  ['a whiteout hides a directory with all that is in it', [[d('a'), f('a/b/c')], [f('.wh.a')]], ''],
  ['a whiteout of nothing does nothing', [[f('a')], [f('.wh.b'), f('x/.wh.y')]], 'a@0'],
  ['a whiteout hides lower layers only, before or after', [[f('a')], [f('a'), f('.wh.a')]], 'a@1'],
  ['a whiteout before its file does the same', [[f('a')], [f('.wh.a'), f('a')]], 'a@1'],
  ['a whiteout of a directory that comes back empties it', [[f('a/x')], [f('.wh.a'), d('a'), f('a/y')]], 'a/ a/y@1'],
  [
    'an opaque directory hides what was in it',
    [
      [f('a/x'), f('b')],
      [f('a/.wh..wh..opq'), f('a/y')],
    ],
    'a/ a/y@1 b@0',
  ],
  ['an opaque directory may be said so after its files', [[f('a/x')], [f('a/y'), f('a/.wh..wh..opq')]], 'a/ a/y@1'],
  [
    'an opaque root hides everything',
    [
      [f('a/x'), f('b')],
      [f('.wh..wh..opq'), f('c')],
    ],
    'c@1',
  ],
  [
    'what AUFS left behind is not there',
    [[f('.wh..wh.plnk/1'), f('.wh..wh.aufs'), f('a')]],
    '.wh..wh.plnk/ .wh..wh.plnk/1@0 a@0',
  ],
  ['a file replaces a directory', [[f('a/x')], [f('a')]], 'a@1'],
  ['a directory replaces a file', [[f('a')], [d('a'), f('a/x')]], 'a/ a/x@1'],
  ['an implied directory replaces a symlink', [[symlink('a', 'b')], [f('a/x')]], 'a/ a/x@1'],
  ['a directory keeps what is in it', [[f('a/x')], [d('a', 0o700)]], 'a/ a/x@0'],
  ['a file that replaces a directory in its own layer', [[f('a/x'), f('a'), f('a/y')]], 'a/ a/y@0'],
])('%s', (_, layers, expected) => {
  expect(show(view(layers))).toBe(expected)
})

test("metadata is that of the highest layer that has any; parents that no layer has are root's", () => {
  const tree = view([[f('a/b/x'), d('', 0o700)], [directory('a', { mode: 0o711, uid: 5, mtime: 7 })]])
  expect(tree.lookup('')).toMatchObject({ type: 'directory', mode: 0o700 })
  expect(tree.lookup('a')).toMatchObject({ mode: 0o711, uid: 5, mtime: 7, layer: id(1) })
  expect(tree.lookup('a/b')).toMatchObject({ type: 'directory', mode: 0o755, uid: 0, gid: 0, layer: undefined })
  expect(view([]).lookup('')).toMatchObject({ path: '', type: 'directory', mode: 0o755, uid: 0 })
})

test('content is a range of the plain layer that the file is from', () => {
  const tree = view([[f('a')], [f('b'), f('c')]])
  expect(tree.lookup('c')).toMatchObject({
    content: { kind: 'range', path: '/plain/1', offset: 1536 },
    layer: id(1),
    size: 1,
  })
})

test('hard links share an inode, wherever its first name went', () => {
  const links = [f('a', 'text'), hardlink('b', 'a'), hardlink('c/d', 'b')]
  const tree = view([links])
  expect(tree.lookup('c/d')).toMatchObject({ path: 'c/d', type: 'file', size: 4, content: { offset: 512 } })
  expect(new Set(['a', 'b', 'c/d'].map((path) => tree.lookup(path)?.inode)).size).toBe(1)
  expect(tree.lookup('a')?.inode).toBeDefined()
  const less = view([links, [f('.wh.a')]])
  expect(less.lookup('b')?.inode).toBe(less.lookup('c/d')?.inode)
  expect(less.lookup('b')?.inode).toBeDefined()
  const lone = view([links, [f('.wh.a'), f('b', 'other')]])
  expect(lone.lookup('b')?.inode).toBeUndefined()
  expect(lone.lookup('c/d')).toMatchObject({ size: 4, layer: id(0) })
})

test('a hard link may lead to a lower layer', () => {
  const tree = view([[f('a', 'text')], [hardlink('b', 'a')]])
  expect(tree.lookup('b')).toMatchObject({ type: 'file', size: 4, layer: id(0) })
  expect(tree.lookup('b')?.inode).toBe(tree.lookup('a')?.inode)
})

test.each([
  ['nowhere', [hardlink('b', 'a')]],
  ['to a directory', [d('a'), hardlink('b', 'a')]],
  ['to what is hidden', [f('.wh.a'), hardlink('b', 'a')]],
])('a hard link that leads %s makes the stack invalid', (_, entries) => {
  expect(() => view([[f('x')], entries]).lookup('')).toThrow(expect.objectContaining({ code: 'LAYER_INVALID' }))
})

test('lists are sorted by name in UTF-16 order and only directories have one', () => {
  const tree = view([[f('b'), f('B'), f('a-b'), f('a/x'), f('é'), f('😀'), f('\uffee')]])
  expect(tree.list('').map((entry) => entry.path)).toEqual(['B', 'a', 'a-b', 'b', 'é', '😀', '\uffee'])
  expect([tree.list('b'), tree.list('nothing'), tree.list('b/c')]).toEqual([[], [], []])
  expect([tree.lookup('b/c'), tree.lookup('a/'), tree.lookup('/a')]).toEqual([undefined, undefined, undefined])
})

test('a tree becomes the entries of one tar: parents first, links to what came first', () => {
  const tree = view([[f('z/y/x', 'text'), f('a'), hardlink('a-link', 'z/y/x'), symlink('s', 'a')]])
  expect([...treeEntries(tree)].map(({ path, type, linkname, size }) => [path, type, linkname, size])).toEqual([
    ['a', 'file', undefined, 1],
    ['a-link', 'file', undefined, 4],
    ['s', 'symlink', 'a', 0],
    ['z', 'directory', undefined, 0],
    ['z/y', 'directory', undefined, 0],
    ['z/y/x', 'hardlink', 'a-link', 0],
  ])
})

test('names of the object prototype are names as any', () => {
  const tree = view([[f('__proto__/constructor'), f('toString')]])
  expect(tree.lookup('__proto__/constructor')?.type).toBe('file')
  expect(tree.lookup('hasOwnProperty')).toBeUndefined()
})

test('100 layers with 300,000 entries are merged', () => {
  const layers = Array.from({ length: 100 }, (_, i) =>
    layer(
      i,
      Array.from({ length: 3000 }, (_, j) => f(`usr/lib/node_modules/p${j % 60}/dist/f${j + i * 1000}.js`, '')),
    ),
  )
  expect(createUnionView(layers).list('usr/lib/node_modules/p7/dist').length).toBeGreaterThan(1000)
})

test('a view that is extended stays as it is', () => {
  const below = createUnionView([layer(0, [d('a'), f('a/x', '1'), f('a/y', '1'), d('b'), f('b/z')])])
  const shown = JSON.stringify([below.list(''), below.list('a'), below.list('b')])
  const above = extendUnionView(below, layer(1, [f('a/.wh.x'), f('a/y', 'new'), f('b'), f('c')]))
  expect(JSON.stringify([below.list(''), below.list('a'), below.list('b')])).toBe(shown)
  expect(above.list('').map(({ path, type }) => `${path} ${type}`)).toEqual(['a directory', 'b file', 'c file'])
  expect(above.list('a').map(({ path, size }) => `${path} ${size}`)).toEqual(['a/y 3'])
})

const links = view([
  [
    d('usr/lib'),
    f('usr/lib/x'),
    symlink('lib', 'usr/lib'),
    symlink('abs', '/usr/lib'),
    symlink('usr/up', '../../../lib'),
    symlink('usr/lib/self', '.'),
    symlink('loop', 'loop'),
    symlink('ping', 'pong'),
    symlink('pong', 'ping'),
    symlink('dangling', 'no/where'),
    symlink('chain', 'abs/../up/self/x'),
    symlink('empty', ''),
    symlink('tofile', 'usr/lib/x'),
  ],
])

test.each([
  ['', '', ''],
  ['/', '', ''],
  ['usr/lib/x', 'usr/lib/x', 'usr/lib/x'],
  ['/usr//./lib/', 'usr/lib', 'usr/lib'],
  ['../../usr', 'usr', 'usr'],
  ['lib', 'usr/lib', 'lib'],
  ['lib/x', 'usr/lib/x', 'usr/lib/x'],
  ['abs/x', 'usr/lib/x', 'usr/lib/x'],
  ['usr/up/x', 'usr/lib/x', 'usr/lib/x'],
  ['lib/..', 'usr', 'usr'],
  ['lib/self/self/self/x', 'usr/lib/x', 'usr/lib/x'],
  ['chain', 'usr/lib/x', 'chain'],
  ['dangling', 'no/where', 'dangling'],
  ['dangling/deep/../er', 'no/where/er', 'no/where/er'],
  ['missing/a/b', 'missing/a/b', 'missing/a/b'],
  ['missing/../lib/x', 'usr/lib/x', 'usr/lib/x'],
  ['tofile/below', 'usr/lib/x/below', 'usr/lib/x/below'],
  ['empty/lib', 'usr/lib', 'lib'],
])('%j resolves to %j, and to %j if the last component stays', (path, followed, kept) => {
  expect(resolvePath(links, path, { followLast: true })).toBe(followed)
  expect(resolvePath(links, path, { followLast: false })).toBe(kept)
})

test.each(['loop', 'ping', 'loop/x'])('symlinks that go round are an error: %s', (path) => {
  expect(() => resolvePath(links, path, { followLast: true })).toThrow(
    expect.objectContaining({ code: 'SYMLINK_LOOP' }),
  )
})

function id(position: number): DiffID {
  return `sha256:${String(position).padStart(64, '0')}` as DiffID
}

function layer(position: number, entries: readonly PlainEntry[]): UnionLayer {
  let offset = 0
  const indexed: LayerEntry[] = entries.map(({ content: _, ...entry }) => {
    const at = offset + 512
    offset = at + Math.ceil(entry.size / 512) * 512
    return { ...entry, offset: at }
  })
  return { diffID: id(position), plainPath: `/plain/${position}`, index: { entries: indexed, size: offset + 1024 } }
}

function view(layers: readonly (readonly PlainEntry[])[]): ReturnType<typeof createUnionView> {
  return createUnionView(layers.map((entries, i) => layer(i, entries)))
}

/** Directories end in a slash, others say which layer they are from. */
function show(tree: FileTree): string {
  return [...treeEntries(tree)]
    .map((e) =>
      e.type === 'directory' ? `${e.path}/` : `${e.path}@${e.content?.kind === 'range' ? e.content.path.slice(7) : ''}`,
    )
    .join(' ')
}

test('an entry has all that its layer says of it', () => {
  const meta = { uid: 1, gid: 2, mtime: 3.5, size: 0 }
  const sparse = [{ start: 0, length: 4, stored: 0 }]
  const xattrs = { 'security.capability': Buffer.from('c') }
  const link = { ...meta, path: 'a/l', type: 'symlink', mode: 0o777, linkname: 'f' } as const
  const device = { ...meta, path: 'a/n', type: 'character', mode: 0o666, devMajor: 1, devMinor: 3 } as const
  const plain = { ...meta, path: 'f', type: 'file', mode: 0o4755, size: 9, xattrs, sha256: 'ff' } as const
  const entries: readonly LayerEntry[] = [
    { ...link, offset: 0 },
    { ...device, offset: 0 },
    { ...plain, offset: 512, sparse },
  ]
  const tree = createUnionView([{ diffID: id(0), index: { entries, size: 0 }, plainPath: '/plain' }])
  const content = { kind: 'range', path: '/plain', offset: 512, sparse }
  const found = [...tree.list('a'), tree.lookup('f')].map((entry) => entry && entryWith(entry, {}))
  expect(found).toEqual([link, device, { ...plain, content }])
})
