// Layers as overlayfs stacks them: what is on disk, without mounting anything.
import fs from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { PlainEntry } from '../../../lib/layers/entry-with.ts'
import { createUnionView } from '../../../lib/layers/union/union-view.ts'
import { dependsOnBelow, unpackLayer } from '../../../lib/layers/unpack/unpack-layer.ts'
import { unpackRoot } from '../../../lib/layers/unpack/unpack-root.ts'
import { isRoot } from '../../support/programs.ts'
import { directory, file, hardlink, noise, symlink, temporaryDirectory } from '../support/entries.ts'
import { describeDirectory, describeTree, storedLayers } from '../support/layers.ts'

const WHITEOUT = 'character 600'
const NODE: PlainEntry = {
  path: 'null',
  type: 'character',
  mode: 0o666,
  uid: 0,
  gid: 0,
  mtime: 0,
  size: 0,
  devMajor: 1,
  devMinor: 3,
}
const BASE: readonly PlainEntry[] = [
  directory('d', { mode: 0o750, mtime: 1_600_000_000 }),
  file('d/a', 'a'),
  file('d/b', 'b'),
  directory('d/sub'),
  file('d/sub/x', 'x'),
  file('f', 'f'),
]

/**
 * Title, the layers below, the layer, what its directory has (owners and times left out), and whether that
 * depends on what is below.
 */
type Case = readonly [string, readonly (readonly PlainEntry[])[], readonly PlainEntry[], readonly string[], boolean]

const CASES: readonly Case[] = [
  ['a layer of its own', [BASE], [directory('d'), file('d/n', 'n')], ['d directory 755', 'd/n file 644'], false],
  [
    'a directory that is only passed through is as below',
    [BASE],
    [file('d/n', '')],
    ['d directory 750', 'd/n file 644'],
    true,
  ],
  ['a whiteout', [BASE], [directory('d'), file('d/.wh.a', '')], ['d directory 755', `d/a ${WHITEOUT}`], true],
  [
    'a whiteout of nothing',
    [BASE],
    [directory('d'), file('d/.wh.none', ''), file('none/.wh.x', '')],
    ['d directory 755'],
    true,
  ],
  ['a whiteout of what the layer has itself', [BASE], [file('.wh.f', ''), file('f', 'new')], ['f file 644'], true],
  [
    'an opaque directory',
    [BASE],
    [directory('d'), file('d/.wh..wh..opq', ''), file('d/b', 'new')],
    ['d directory 755', `d/a ${WHITEOUT}`, 'd/b file 644', `d/sub ${WHITEOUT}`],
    true,
  ],
  [
    'a directory that was removed and made again',
    [BASE],
    [file('.wh.d', ''), directory('d'), directory('d/sub'), file('d/sub/y', '')],
    [
      'd directory 755',
      `d/a ${WHITEOUT}`,
      `d/b ${WHITEOUT}`,
      'd/sub directory 755',
      `d/sub/x ${WHITEOUT}`,
      'd/sub/y file 644',
    ],
    true,
  ],
  [
    'an opaque directory in which nothing is new',
    [BASE],
    [file('d/.wh..wh..opq', '')],
    ['d directory 750', `d/a ${WHITEOUT}`, `d/b ${WHITEOUT}`, `d/sub ${WHITEOUT}`],
    true,
  ],
  ['names that hide nothing', [BASE], [file('d/.wh.', ''), file('d/.wh..wh.plnk', '')], [], true],
  ['an opaque root', [BASE], [file('.wh..wh..opq', ''), file('f', '')], [`d ${WHITEOUT}`, 'f file 644'], true],
  ['a file in place of a directory', [BASE], [file('d', '')], ['d file 644'], false],
  [
    'a directory in place of a file',
    [BASE],
    [directory('f'), file('f/x', '')],
    ['f directory 755', 'f/x file 644'],
    false,
  ],
  [
    'a directory that is a file for a while',
    [BASE],
    [file('d', ''), directory('d'), file('d/a', '')],
    ['d directory 755', 'd/a file 644', `d/b ${WHITEOUT}`, `d/sub ${WHITEOUT}`],
    true,
  ],
  [
    'what an upper layer removed already',
    [BASE, [file('.wh.d', '')]],
    [file('d/.wh.a', ''), file('d/n', '')],
    ['d directory 755', 'd/n file 644'],
    true,
  ],
  ['a link to a file of the layer', [BASE], [file('1', 'x'), hardlink('2', '1')], ['1 file 644', '2 file 644'], false],
  ['a link to a file below is a copy', [BASE], [hardlink('d/l', 'd/sub/x')], ['d directory 750', 'd/l file 644'], true],
  [
    'a link to a file that the layer replaces later',
    [BASE],
    [hardlink('1', 'f'), file('f', 'new')],
    ['1 file 644', 'f file 644'],
    true,
  ],
  [
    'names that are not UTF-8',
    [[file('\udcff', ''), file('\udcfe', '')]],
    [file('.wh.\udcff', ''), file('.wh.\udcfe', '')],
    [`\udcfe ${WHITEOUT}`, `\udcff ${WHITEOUT}`],
    true,
  ],
  [
    'names of whiteouts that are none',
    [BASE],
    [file('.wh.', ''), file('.wh...', ''), file('d/.wh..', ''), file('.wh..wh.aufs', '')],
    ['d directory 750'],
    true,
  ],
]

describe('the directory of a layer has', () => {
  test.each(CASES)('%s', async (_title, lower, entries, expected, depends) => {
    const { below, layer } = await stacked(lower, entries)
    const target = temporaryDirectory()
    const owners = process.getuid?.() === 0
    expect(await unpackLayer(layer, below, target, { owners })).toMatchObject({ kind: 'unpacked', losses: [] })
    expect(onDisk(target)).toEqual(expected)
    expect(dependsOnBelow(layer.index)).toBe(depends)
    if (depends) return
    // It is the same on top of anything.
    const alone = temporaryDirectory()
    await unpackLayer(layer, createUnionView([]), alone, { owners })
    expect(describeDirectory(alone)).toEqual(describeDirectory(target))
  })
})

test('all whiteouts but the first are links', async () => {
  const names = Array.from({ length: 50 }, (_, i) => `${i}`)
  const { below, layer } = await stacked(
    [names.map((name) => file(name, ''))],
    names.map((name) => file(`.wh.${name}`, '')),
  )
  const target = temporaryDirectory()
  await unpackLayer(layer, below, target, { owners: false })
  expect(fs.lstatSync(join(target, '7'))).toMatchObject({ nlink: 50, rdev: 0 })
})

test.each([
  ['a symlink of the layer', [], [symlink('a', '/OUTSIDE'), file('a/x', 'evil')]],
  ['a symlink of a lower layer', [symlink('a', '/OUTSIDE')], [file('a/x', 'evil')]],
  ['a symlink under a whiteout', [symlink('a', '/OUTSIDE')], [file('a/.wh.good', '')]],
  ['a link to a symlink', [], [symlink('a', '/OUTSIDE'), hardlink('b', 'a'), file('b/x', 'evil')]],
] as const)('nothing leaves the directory by %s', async (_title, lower, entries) => {
  const outside = temporaryDirectory()
  fs.writeFileSync(join(outside, 'good'), 'good')
  const aim = (entry: PlainEntry): PlainEntry => ({
    ...entry,
    linkname: entry.linkname?.replace('/OUTSIDE', outside),
  })
  const { below, layer } = await stacked([lower.map(aim)], entries.map(aim))
  const parent = temporaryDirectory()
  const target = join(parent, 'a/b')
  fs.mkdirSync(target, { recursive: true })
  await unpackLayer(layer, below, target, { owners: false })
  expect(fs.readdirSync(outside)).toEqual(['good'])
  expect([fs.readdirSync(parent), fs.readdirSync(join(parent, 'a'))]).toEqual([['a'], ['b']])
})

test.each(['../x', 'a/..', '..'])('an index with the name %s is refused', async (path) => {
  const { below, layer } = await stacked([], [directory('a'), file(path, 'evil')])
  const parent = temporaryDirectory()
  const target = join(parent, 'a/b')
  fs.mkdirSync(target, { recursive: true })
  await expect(unpackLayer(layer, below, target, { owners: false })).rejects.toMatchObject({ code: 'LAYER_INVALID' })
  expect([fs.readdirSync(parent), fs.readdirSync(join(parent, 'a'))]).toEqual([['a'], ['b']])
})

test('a device with the numbers of a whiteout is lost, and hides what it replaces', async () => {
  const device = { ...NODE, path: 'f', devMajor: 0, devMinor: 0 }
  const { below, layer } = await stacked([BASE], [device, { ...device, path: 'n' }])
  const target = temporaryDirectory()
  const lost = ['f', 'n'].map((path) => ({ path, kind: 'node' }))
  expect(await unpackLayer(layer, below, target, { owners: false })).toMatchObject({ losses: lost })
  expect(onDisk(target)).toEqual([`f ${WHITEOUT}`])
})

test('without owners everything belongs to the caller, who gets into all directories', async () => {
  const { below, layer } = await stacked(
    [],
    [directory('d', { mode: 0o1055, uid: 5 }), file('d/x', 'x', { mode: 0o4400, gid: 6 })],
  )
  const caller = `${process.getuid?.()}:${process.getgid?.()}`
  for (const unpack of [unpackLayerInto, unpackRootInto]) {
    const target = temporaryDirectory()
    await unpack(target)
    expect(describeDirectory(target)[0]).toBe(`d directory 1755 ${caller} 0`)
    expect(describeDirectory(target)[1]).toMatch(`d/x file 4400 ${caller} 1700000000`)
  }
  function unpackLayerInto(target: string): Promise<unknown> {
    return unpackLayer(layer, below, target, { owners: false })
  }
  function unpackRootInto(target: string): Promise<unknown> {
    return unpackRoot(createUnionView([layer]), target, { owners: false })
  }
})

test.runIf(isRoot('a root with owners'))(
  'a root has all that its layers have, and the mode of their root',
  async () => {
    const layers = await storedLayers(
      [
        directory('', { mode: 0o711, uid: 1, gid: 2 }),
        ...BASE,
        file('suid', noise(3_000_000), { mode: 0o6711, uid: 33, gid: 44 }),
        symlink('l', 'd'),
        { ...symlink('owned', 'd'), uid: 7, gid: 8 },
        NODE,
        { ...NODE, path: '\udcff', type: 'fifo' },
      ],
      [
        file('d/.wh.sub', ''),
        directory('set', { mode: 0o2775, gid: 50 }),
        file('set/x', ''),
        hardlink('set/y', 'suid'),
      ],
    )
    const tree = createUnionView(layers)
    const target = temporaryDirectory()
    expect(await unpackRoot(tree, target, { owners: true })).toMatchObject({
      losses: [],
      unowned: [],
      bytes: 3_000_003,
    })
    expect(describeDirectory(target)).toEqual(describeTree(tree))
    expect(fs.statSync(target)).toMatchObject({ mode: 0o40711, uid: 1, gid: 2 })
    expect(fs.statSync(join(target, 'd')).mtimeMs).toBe(1_600_000_000_000)
  },
)

test.runIf(isRoot('a directory that gives its group to new files'))('the group of the place gets nowhere', async () => {
  const target = temporaryDirectory()
  fs.chownSync(target, 0, 1234)
  fs.chmodSync(target, 0o2755)
  const tree = createUnionView(await storedLayers(BASE))
  await unpackRoot(tree, target, { owners: true })
  expect(describeDirectory(target)).toEqual(describeTree(tree))
})

test('a directory that cannot be written to is a store error', async () => {
  const path = join(temporaryDirectory(), 'file')
  fs.writeFileSync(path, '')
  const { below, layer } = await stacked([], BASE)
  await expect(unpackLayer(layer, below, path, { owners: false })).rejects.toMatchObject({ code: 'STORE_IO' })
  await expect(unpackRoot(below, join(path, 'x'), { owners: false })).rejects.toMatchObject({ code: 'STORE_IO' })
})

test('a signal stops it', async () => {
  const { below, layer } = await stacked(
    [],
    Array.from({ length: 600 }, (_, i) => file(`${i}`, '')),
  )
  const signal = AbortSignal.abort(new Error('enough'))
  await expect(unpackLayer(layer, below, temporaryDirectory(), { owners: false, signal })).rejects.toThrow('enough')
})

async function stacked(
  lower: readonly (readonly PlainEntry[])[],
  entries: readonly PlainEntry[],
): Promise<{
  readonly below: ReturnType<typeof createUnionView>
  readonly layer: Awaited<ReturnType<typeof storedLayers>>[number]
}> {
  const layers = await storedLayers(...lower, entries)
  const layer = layers.at(-1)
  if (!layer) throw new Error('no layer')
  return { below: createUnionView(layers.slice(0, -1)), layer }
}

function onDisk(path: string): readonly string[] {
  return describeDirectory(path).map((line) => line.split(' ').slice(0, 3).join(' '))
}
