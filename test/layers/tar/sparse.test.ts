// Sparse files in tars: what GNU tar writes has all its bytes, and what no tar writes is refused.
import { execFileSync } from 'node:child_process'
import { closeSync, ftruncateSync, openSync, readFileSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { contentKey } from '../../../lib/executor/content-key.ts'
import { openArchive } from '../../../lib/layers/archive/open-archive.ts'
import { ContentFiles } from '../../../lib/layers/content-files.ts'
import type { SourceEntry } from '../../../lib/layers/entry.ts'
import { entryWith } from '../../../lib/layers/entry-with.ts'
import { indexLayer } from '../../../lib/layers/index/index-layer.ts'
import { decodeLayerIndex, encodeLayerIndex } from '../../../lib/layers/index/layer-index.ts'
import { readLayerFiles } from '../../../lib/layers/read-layer-files.ts'
import { createUnionView, type UnionView } from '../../../lib/layers/union/union-view.ts'
import { sha256 } from '../../../lib/oci/digest.ts'
import type { DiffID, Layer } from '../../../lib/oci/types.ts'
import { requires } from '../../support/requires.ts'
import { END, gnuSparseMember, paxMember, paxSparseMember } from '../../support/sparse-tars.ts'
import { withEnvironment } from '../../support/with-environment.ts'
import { noise, temporaryDirectory, temporaryStore } from '../support/entries.ts'
import { readTar } from '../support/read-tar.ts'

const FORMATS: readonly (readonly [string, readonly string[]])[] = [
  ['gnu', ['--format=gnu']],
  ['oldgnu', ['--format=oldgnu']],
  ['pax 0.0', ['--format=posix', '--sparse-version=0.0']],
  ['pax 0.1', ['--format=posix', '--sparse-version=0.1']],
  ['pax 1.0', ['--format=posix', '--sparse-version=1.0']],
]

/** Files by name: their size, and where they have how many bytes of data. */
const FILES: Readonly<Record<string, readonly [size: number, data: readonly (readonly [number, number])[]]>> = {
  'hole-first': [200_000, [[150_000, 50_000]]],
  'hole-last': [300_000, [[0, 10]]],
  'hole-only': [1 << 20, []],
  'hole-between': [
    400_000,
    [
      [0, 5000],
      [300_000, 1],
      [399_999, 1],
    ],
  ],
  [`${'long/'.repeat(30)}name`]: [100_000, [[65_536, 512]]],
  many: [400 * 8192, Array.from({ length: 400 }, (_, n) => [n * 8192, 512] as const)],
  dense: [5000, [[0, 5000]]],
  empty: [0, []],
}

describe.skipIf(!requires('tar')).each(FORMATS)('sparse files of GNU tar as %s', (_, options) => {
  const made = () => {
    const root = temporaryDirectory()
    const contents = new Map<string, string>()
    for (const [name, [size, data]] of Object.entries(FILES)) {
      execFileSync('mkdir', ['-p', join(root, name, '..')])
      const file = openSync(join(root, name), 'w')
      ftruncateSync(file, size)
      for (const [at, length] of data) writeSync(file, noise(length, at + 1), 0, length, at)
      closeSync(file)
      contents.set(name, sha256(readFileSync(join(root, name))))
    }
    const archive = join(temporaryDirectory(), 'a.tar')
    execFileSync('tar', [
      '--sparse',
      '--hole-detection=raw',
      ...options,
      '-cf',
      archive,
      '-C',
      root,
      ...contents.keys(),
    ])
    return { contents, archive, tar: readFileSync(archive) }
  }

  test('are read with all their bytes', async () => {
    const { contents, tar } = made()
    expect(tar.length).toBeLessThan(800_000)
    const found = new Map<string, string>()
    const pieces = [...Array(Math.ceil(tar.length / 700)).keys()].map((n) => tar.subarray(n * 700, (n + 1) * 700))
    for await (const { entry, body } of readTar(pieces)) {
      const bytes = Buffer.concat([...body])
      expect(bytes.length).toBe(entry.size)
      found.set(entry.path, sha256(bytes))
    }
    expect(found).toEqual(contents)
  })

  test('are entries of an archive, plain or compressed', async () => {
    const { contents, archive } = made()
    const packed = `${archive}.gz`
    execFileSync('gzip', ['-k', archive])
    for (const path of [archive, packed]) {
      const { entries } = (await openArchive(path, temporaryStore())) ?? { entries: [] }
      expectContents(entries, contents)
    }
  })

  test('are files of a layer, whatever of it is decompressed', async () => {
    const { contents, tar } = made()
    const store = temporaryStore()
    const blob = store.createWriter()
    blob.write(gzipSync(tar))
    const { digest, size } = blob.commit()
    const layer: Layer = { descriptor: { mediaType: '', digest, size }, diffID: sha256(tar) as DiffID }
    const index = await indexLayer(store, layer)
    expect(decodeLayerIndex(Buffer.concat(encodeLayerIndex(index)))).toEqual(index)
    const entriesOf = (view: UnionView): SourceEntry[] =>
      [...contents.keys()].map((name) => view.lookup(name)).filter((entry) => entry !== undefined)
    const view = createUnionView([{ diffID: layer.diffID, index, plainPath: '/none' }])
    const entries = entriesOf(view)
    const files = await readLayerFiles(store, layer, entries)
    expectContents(
      entries.map((entry) => {
        const offset = entry.content?.kind === 'range' ? entry.content.offset : -1
        return entryWith(entry, { content: { kind: 'bytes', bytes: files.get(offset) ?? Buffer.alloc(0) } })
      }),
      contents,
    )
    const plain = store.createWriter()
    plain.write(tar)
    const plainPath = store.path(plain.commit().digest)
    const stored = createUnionView([{ diffID: layer.diffID, index, plainPath }])
    expectContents(
      [...contents.keys()].flatMap((name) => stored.lookup(name) ?? []),
      contents,
    )
  })
})

/** Reads entries in pieces, and compares them and their hashes. */
function expectContents(entries: readonly SourceEntry[], contents: ReadonlyMap<string, string>): void {
  const files = new ContentFiles()
  const found = new Map<string, string>()
  for (const entry of entries) {
    const bytes = Buffer.alloc(entry.size + 1)
    files.begin(entry)
    for (let at = 0; at < entry.size; at += 70_001) files.read(bytes, at, Math.min(70_001, entry.size - at))
    files.end()
    found.set(entry.path, sha256(bytes.subarray(0, entry.size)))
    expect(`sha256:${entry.sha256}`).toBe(found.get(entry.path))
  }
  files.close()
  expect(found).toEqual(contents)
  // It is undefined when any of the files has no digest.
  expect(contentKey(entries)).toBeDefined()
}

describe('a sparse member', () => {
  const data = noise(1024)
  const bytesOf = async (member: Buffer): Promise<readonly (readonly [string, string])[]> => {
    const found: (readonly [string, string])[] = []
    for await (const { entry, body } of readTar([Buffer.concat([member, END])])) {
      found.push([entry.path, Buffer.concat([...body]).toString('hex')])
    }
    return found
  }
  const file = (size: number, start = 0, bytes: Buffer = data): string =>
    Buffer.concat([Buffer.alloc(start), bytes, Buffer.alloc(size - start - bytes.length)]).toString('hex')
  const pax = (...records: readonly (readonly [string, string])[]): Buffer => paxMember('x', records, data)
  const sized = (map: string, size = '4096') =>
    pax(
      ['GNU.sparse.size', size],
      ['GNU.sparse.numblocks', String(Math.ceil(map.split(',').length / 2))],
      ['GNU.sparse.map', map],
    )

  test.each([
    ['in the header', gnuSparseMember('x', 4096, [512, 1024], data)],
    [
      'in blocks after it',
      gnuSparseMember('x', 4096, [...Array.from({ length: 29 }, (_, n) => [512 + n, 1]).flat(), 541, 995], data),
    ],
    ['as a pax record', sized('512,1024')],
    [
      'as pax records one by one',
      pax(
        ['GNU.sparse.size', '4096'],
        ['GNU.sparse.numblocks', '1'],
        ['GNU.sparse.offset', '512'],
        ['GNU.sparse.numbytes', '1024'],
      ),
    ],
    ['before the data', paxSparseMember('x', 4096, [2, 512, 1024, 4096, 0], data)],
  ])('has its map %s', async (_, member) => {
    expect(await bytesOf(member)).toEqual([['x', file(4096, 512)]])
  })

  test('has its name in the map’s records, of any length', async () => {
    const name = 'n'.repeat(300)
    expect(await bytesOf(paxSparseMember(name, 2048, [1, 0, 1024], data))).toEqual([[name, file(2048)]])
  })

  test('may have parts of no bytes, and no hole at all', async () => {
    expect(await bytesOf(sized('0,0,0,1024,1024,0', '1024'))).toEqual([['x', file(1024)]])
  })

  test('is followed by the next member', async () => {
    const next = gnuSparseMember('next', 600, [88, 512], data.subarray(0, 512))
    const many = Array.from({ length: 30 }, (_, n) => [n * 100, n < 29 ? 10 : 734]).flat()
    const members = [
      paxSparseMember('one', 5000, [1, 3000, 1024], data),
      gnuSparseMember('two', 4000, many, data),
      next,
    ]
    expect((await bytesOf(Buffer.concat(members))).map(([name, hex]) => [name, hex.length / 2])).toEqual([
      ['one', 5000],
      ['two', 4000],
      ['next', 600],
    ])
  })

  test.each<[string, Buffer, string?]>([
    ['overlaps', gnuSparseMember('x', 4096, [0, 600, 500, 424], data)],
    ['is out of order', sized('512,512,0,512')],
    ['is larger than the file', sized('4000,1024')],
    ['has a part that is larger than any file', paxSparseMember('x', 4096, [1, 0, '99999999999999999999'], data)],
    ['has a sum beyond the numbers', sized('999999999999999,999999999999999')],
    ['has a negative offset', gnuSparseMember('x', 4096, [-512, 1024], data)],
    ['has a negative length', gnuSparseMember('x', 4096, [512, -1], data)],
    ['is for a negative size', gnuSparseMember('x', -1, [0, 1024], data)],
    ['wants more data than there is', sized('0,2048')],
    ['wants less data than there is', paxSparseMember('x', 4096, [1, 0, 512], data)],
    ['has an offset without a length', sized('0,512,512')],
    ['has another number of parts than it says', pax(['GNU.sparse.numblocks', '2'], ['GNU.sparse.map', '0,1024'])],
    ['does not say how many parts it has', pax(['GNU.sparse.map', '0,1024'])],
    ['has words for numbers', sized('a,b')],
    ['has signs', sized('+0,1024')],
    ['has lengths before offsets', pax(['GNU.sparse.numbytes', '1'], ['GNU.sparse.offset', '0'])],
    ['says that it has more than it has', paxSparseMember('x', 4096, [3, 0, 1024], Buffer.alloc(0))],
    ['counts a number of parts that no memory has', paxSparseMember('x', 4096, [999999999999, 0, 1024], data)],
    ['has a line without end', paxSparseMember('x', 4096, ['1'.repeat(600)], data)],
    ['is of no file', retyped(sized('0,1024'), '5')],
    ['is of type S, but its header is not GNU tar’s', retyped(sized('0,1024'), 'S')],
    [
      'is of a version that is not known',
      pax(['GNU.sparse.major', '2'], ['GNU.sparse.minor', '0']),
      'ARCHIVE_UNSUPPORTED',
    ],
  ])('whose map %s is refused', async (_, member, code = 'ARCHIVE_INVALID') => {
    await expect(bytesOf(member)).rejects.toMatchObject({ code })
  })

  test('whose map is longer than any map is refused before it fills the memory', async () => {
    const pairs = Array.from({ length: 100_000 }, (_, n) => [n, 0]).flat()
    await expect(bytesOf(gnuSparseMember('x', 4096, pairs, data))).rejects.toThrow('more than 1048576 bytes')
    await expect(bytesOf(paxSparseMember('x', 4096, [1e8, ...pairs, ...pairs], data))).rejects.toThrow(
      'more than 1048576 bytes',
    )
  })

  test('is no larger than inputs may be, alone and with others', async () => {
    const huge = gnuSparseMember('x', 2 ** 50, [0, 1024], data)
    await expect(bytesOf(huge)).rejects.toMatchObject({ code: 'ARCHIVE_TOO_LARGE' })
    const half = gnuSparseMember('x', 60_000, [0, 1024], data)
    await withEnvironment('TSBUILD_MAX_INPUT', '100k', async () => {
      expect(await bytesOf(half)).toHaveLength(1)
      await expect(bytesOf(Buffer.concat([half, half]))).rejects.toMatchObject({ code: 'ARCHIVE_TOO_LARGE' })
    })
  })
})

describe('a file that begins like a sparse member', () => {
  const opened = async (member: Buffer) => {
    const path = join(temporaryDirectory(), 'a.tar')
    writeFileSync(path, Buffer.concat([member, END]))
    return openArchive(path, temporaryStore())
  }

  test.each([
    ['pax', paxSparseMember('x', 4096, ['no number'], Buffer.alloc(1024))],
    ['GNU', gnuSparseMember('x', 4096, [0, 600, 500, 424], Buffer.alloc(1024))],
  ])('is no archive if its map, as %s has it, makes no sense', async (_, member) => {
    expect(await opened(member)).toBeUndefined()
    await expect(opened(Buffer.concat([paxMember('first', [], Buffer.alloc(0)), member]))).rejects.toMatchObject({
      code: 'ARCHIVE_INVALID',
    })
  })
})

/** The last member's header with another type. */
function retyped(member: Buffer, type: string): Buffer {
  const copy = Buffer.from(member)
  const header = copy.subarray(copy.length - 1536, copy.length - 1024)
  header.write(type, 156, 'latin1')
  header.fill(' ', 148, 156)
  const sum = header.reduce((total, byte) => total + byte, 0)
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
  return copy
}
