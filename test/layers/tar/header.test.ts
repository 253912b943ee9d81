import fc from 'fast-check'
import { extract } from 'tar-stream'
import { expect, test } from 'vitest'
import { TsbuildError } from '../../../lib/base/errors.ts'
import type { Entry } from '../../../lib/layers/entry.ts'
import { decodeHeader } from '../../../lib/layers/tar/decode-header.ts'
import { createHeaderEncoder } from '../../../lib/layers/tar/encode-header.ts'
import { decodePax, encodePax } from '../../../lib/layers/tar/pax-records.ts'
import { plainEntry } from '../support/entries.ts'
import { readTar } from '../support/read-tar.ts'

const base: Entry = { path: 'dir/file', type: 'file', mode: 0o644, uid: 1000, gid: 100, mtime: 1_700_000_000, size: 0 }

/** Entries with the number of header blocks that they take. */
const entries: readonly (readonly [string, Entry, number])[] = [
  ['a file', base, 1],
  ['a directory', { ...base, path: 'dir', type: 'directory', mode: 0o755 }, 1],
  ['the root', { ...base, path: '', type: 'directory' }, 1],
  ['setuid, setgid and sticky', { ...base, mode: 0o7755 }, 1],
  ['a symlink', { ...base, type: 'symlink', linkname: '../a b/c' }, 1],
  ['a hard link', { ...base, type: 'hardlink', linkname: 'dir/other' }, 1],
  ['a device', { ...base, type: 'character', devMajor: 4, devMinor: 0o7777777 }, 1],
  ['a block device', { ...base, type: 'block', devMajor: 0, devMinor: 1 }, 1],
  ['a fifo', { ...base, type: 'fifo' }, 1],
  ['a name of 100 bytes', { ...base, path: 'n'.repeat(100) }, 1],
  ['a name of 101 bytes without a slash', { ...base, path: 'n'.repeat(101) }, 3],
  ['a long path that ustar can split', { ...base, path: `${'p'.repeat(155)}/${'n'.repeat(100)}` }, 1],
  ['a long path that it cannot', { ...base, path: `${'p'.repeat(156)}/${'n'.repeat(100)}` }, 3],
  ['a long directory', { ...base, path: `${'p'.repeat(100)}/${'n'.repeat(99)}`, type: 'directory' }, 1],
  ['a directory one longer', { ...base, path: `${'p'.repeat(100)}/${'n'.repeat(100)}`, type: 'directory' }, 3],
  ['a path beyond everything', { ...base, path: Array(400).fill('deep').join('/') }, 6],
  ['a name in UTF-8', { ...base, path: 'dïr/😀' }, 3],
  ['a name that is not UTF-8', { ...base, path: 'dir/\udcff\udc80' }, 3],
  ['a symlink target in UTF-8', { ...base, type: 'symlink', linkname: '/ü' }, 3],
  ['a long symlink target', { ...base, type: 'symlink', linkname: 't'.repeat(101) }, 3],
  ['a name with spaces, newline and equals sign', { ...base, path: 'a =\n é' }, 3],
  ['ids beyond octal', { ...base, uid: 0o10000000, gid: 0xfffffffe }, 3],
  ['the largest octal ids', { ...base, uid: 0o7777777, gid: 0o7777777 }, 1],
  ['part of a second', { ...base, mtime: 1_700_000_000.1234567 }, 3],
  ['a time before 1970', { ...base, mtime: -1.5 }, 3],
  ['a time beyond octal', { ...base, mtime: 0o100000000000 }, 3],
  ['the epoch', { ...base, mtime: 0 }, 1],
  [
    'attributes',
    { ...base, xattrs: { 'security.capability': Buffer.of(1, 0, 255, 61, 10), 'user.ü': Buffer.from('x') } },
    3,
  ],
  [
    'an attribute with a name to trip over',
    { ...base, xattrs: Object.fromEntries([['__proto__', Buffer.from('x')]]) },
    3,
  ],
]

test.each(entries)('%s survives encoding and decoding', async (_, entry, blocks) => {
  const header = createHeaderEncoder()(entry)
  expect(header.length / 512).toBe(blocks)
  for await (const member of readTar(chunks(header))) expect(plainEntry(member.entry)).toEqual(entry)
  expect.assertions(2)
})

test.each(entries.filter(([, entry]) => !/[\udc80-\udcff](?<![\ud800-\udbff].)/.test(entry.path)))(
  'tar-stream reads the same: %s',
  async (_, entry) => {
    const header = await oracle(Buffer.concat([createHeaderEncoder()(entry), Buffer.alloc(1024)]))
    const name = entry.type === 'directory' ? `${entry.path || '.'}/` : entry.path
    expect(header.name).toBe(name)
    expect(header.mode).toBe(entry.mode)
    if (entry.linkname) expect(header.linkname).toBe(entry.linkname)
  },
)

test('entries larger than 8 GiB carry their size in pax', async () => {
  const header = createHeaderEncoder()({ ...base, size: 2 ** 33 + 1 })
  const [first] = await members(header)
  expect(first?.size).toBe(2 ** 33 + 1)
})

test('the same encoder writes the same bytes whatever it wrote before', () => {
  const encode = createHeaderEncoder()
  const fresh = entries.map(([, entry]) => Buffer.from(createHeaderEncoder()(entry)))
  const reused = entries.map(([, entry]) => Buffer.from(encode(entry)))
  expect(reused).toEqual(fresh)
})

test('a name with a NUL byte is refused', () => {
  expect(() => createHeaderEncoder()({ ...base, path: 'a\0b' })).toThrow(
    expect.objectContaining({ code: 'ARCHIVE_INVALID' }),
  )
})

test.each([
  ['no number', (b: Buffer) => b.write('12x', 100), /mode is not a number/],
  ['a wrong checksum', (b: Buffer) => b.write('y', 0), /checksum/],
  ['a number beyond all', (b: Buffer) => b.fill(0xff, 124, 136).fill(0x80, 124, 125), /size is out of range/],
])('a header with %s is refused', (what, damage, message) => {
  const block = Buffer.from(createHeaderEncoder()(base))
  damage(block)
  if (!what.includes('checksum')) writeChecksum(block)
  expect(() => decodeHeader(block, 0)).toThrow(message)
})

test.each([
  ['octal with spaces around', '   1750 \0', 0o1750],
  ['octal up to a NUL', '0001750\0', 0o1750],
  ['nothing', '\0\0\0\0\0\0\0\0', 0],
  ['base-256', '\x80\0\0\0\x12\x34\x56\x78', 0x12345678],
  ['negative base-256', '\xff\xff\xff\xff\xff\xff\xff\xfe', -2],
])('numbers are read as %s', (_, field, value) => {
  const block = Buffer.from(createHeaderEncoder()(base))
  block.write(field, 108, 'latin1')
  writeChecksum(block)
  expect(decodeHeader(block, 0)?.uid).toBe(value)
})

test('checksums of signed bytes, as some old tars wrote them, are accepted', () => {
  const block = Buffer.from(createHeaderEncoder()(base))
  block.write('\xff\xfe', 0, 'latin1')
  writeChecksum(block, -512)
  expect(decodeHeader(block, 0)?.name).toBe('\udcff\udcfer/file')
})

test('GNU long names and links replace those of the next header only', async () => {
  const long = 'l'.repeat(300)
  const archive = Buffer.concat([
    gnu('L', `${long}/name`),
    gnu('K', `${long}/target`),
    createHeaderEncoder()({ ...base, type: 'symlink', linkname: 'short' }),
    createHeaderEncoder()(base),
  ])
  expect((await members(archive)).map((e) => [e.path, e.linkname])).toEqual([
    [`${long}/name`, `${long}/target`],
    ['dir/file', undefined],
  ])
})

test('global pax headers are checked but apply to nothing, as in Go', async () => {
  const global = pax('g', new Map([['path', Buffer.from('elsewhere')]]))
  expect((await members(Buffer.concat([global, createHeaderEncoder()(base)]))).map((e) => e.path)).toEqual(['dir/file'])
  await expect(members(rawPax('g', 'rubbish'))).rejects.toMatchObject({ code: 'ARCHIVE_INVALID' })
})

test.each([
  '',
  '5',
  '5 a\n',
  '99 path=x\n',
  '9 path=x\n\n',
  '0 a=b\n',
  '-6 a=b\n',
  '6 =ab\n',
  '9999999999 a=b\n',
  '6 a=b\n6',
])('pax records are well-formed or refused: %j', (text) => {
  if (text === '') expect(decodePax(Buffer.from(text)).size).toBe(0)
  else expect(() => decodePax(Buffer.from(text))).toThrow(TsbuildError)
})

test('pax records of any length survive', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 1200 }), (length) => {
      const records = new Map([['key', Buffer.alloc(length, 'v')]])
      expect(decodePax(encodePax(records))).toEqual(records)
    }),
  )
})

test.each([
  [
    'sparse files of an unknown version',
    Buffer.concat([pax('x', new Map([['GNU.sparse.major', Buffer.from('1')]])), createHeaderEncoder()(base)]),
  ],
  ['a type that is none', retype(createHeaderEncoder()(base), 'Z')],
])('%s are refused by name', async (_, archive) => {
  await expect(members(archive)).rejects.toMatchObject({ code: 'ARCHIVE_UNSUPPORTED' })
})

test('an extended header of more than 1 MiB is refused before it is read', async () => {
  const block = retype(createHeaderEncoder()({ ...base, size: 1024 * 1024 + 1 }), 'x')
  await expect(members(block)).rejects.toMatchObject({ code: 'ARCHIVE_INVALID' })
})

async function members(archive: Buffer): Promise<readonly Entry[]> {
  const found: Entry[] = []
  try {
    for await (const { entry } of readTar(chunks(archive))) found.push(entry)
  } catch (error) {
    // Headers stand without their content here.
    if (!(error instanceof TsbuildError) || !error.message.includes('cut off')) throw error
  }
  return found
}

async function* chunks(bytes: Buffer): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 300) yield bytes.subarray(at, at + 300)
}

interface ReadHeader {
  readonly name: string
  readonly mode?: number | undefined
  readonly linkname?: string | null | undefined
}

function oracle(archive: Buffer): Promise<ReadHeader> {
  return new Promise((resolve, reject) => {
    const parser = extract()
    parser.on('entry', (header, stream, next) => {
      resolve(header)
      stream.resume()
      next()
    })
    parser.on('error', reject)
    parser.end(archive)
  })
}

function gnu(flag: string, text: string): Buffer {
  const body = Buffer.alloc(Math.ceil((text.length + 1) / 512) * 512)
  body.write(text)
  return Buffer.concat([
    retype(createHeaderEncoder()({ ...base, path: '././@LongLink', size: text.length + 1 }), flag),
    body,
  ])
}

function pax(flag: string, records: ReadonlyMap<string, Buffer>): Buffer {
  return rawPax(flag, encodePax(records).toString('latin1'))
}

function rawPax(flag: string, text: string): Buffer {
  const body = Buffer.alloc(Math.ceil(text.length / 512) * 512)
  body.write(text, 'latin1')
  return Buffer.concat([retype(createHeaderEncoder()({ ...base, size: text.length }), flag), body])
}

function retype(header: Buffer, flag: string): Buffer {
  const block = Buffer.from(header)
  block.write(flag, 156)
  writeChecksum(block)
  return block
}

function writeChecksum(block: Buffer, offset = 0): void {
  block.fill(0x20, 148, 156)
  const sum = block.reduce((total, byte) => total + byte, offset)
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
}
