import { expect, test } from 'vitest'
import { type ArchiveMember, packArchive } from '../../../lib/layers/archive/pack-archive.ts'
import { collect, noise } from '../support/entries.ts'
import { readTar } from '../support/read-tar.ts'

const blob = noise(1_000_000)
const members: readonly ArchiveMember[] = [
  { kind: 'directory', name: 'blobs' },
  { kind: 'stream', name: 'blobs/large', size: blob.length, open: () => pieces(blob) },
  { kind: 'stream', name: 'blobs/empty', size: 0, open: () => pieces(Buffer.alloc(0)) },
  { kind: 'bytes', name: 'index.json', bytes: Buffer.from('{}') },
  { kind: 'bytes', name: 'nothing', bytes: Buffer.alloc(0) },
]

test('members come back as they went in, with fixed metadata', async () => {
  const found = []
  for await (const { entry, body } of readTar(packArchive(members, { mtime: 12 }))) {
    found.push([entry.path, entry.type, entry.mode, entry.uid, entry.mtime, (await collect(body)).length])
  }
  expect(found).toEqual([
    ['blobs', 'directory', 0o755, 0, 12, 0],
    ['blobs/large', 'file', 0o644, 0, 12, blob.length],
    ['blobs/empty', 'file', 0o644, 0, 12, 0],
    ['index.json', 'file', 0o644, 0, 12, 2],
    ['nothing', 'file', 0o644, 0, 12, 0],
  ])
})

test('the same members give the same bytes, on block boundaries', async () => {
  const a = await collect(packArchive(members, { mtime: 0 }))
  expect(a.equals(await collect(packArchive(members, { mtime: 0 })))).toBe(true)
  expect(a.length % 512).toBe(0)
})

test.each([
  ['too short', pieces(blob.subarray(1)), /mismatch/i],
  ['too long', pieces(Buffer.concat([blob, blob])), /mismatch/i],
  ['failing', failing(), /the disk is on fire/],
])('a stream that is %s fails the archive', async (_, stream, message) => {
  const member: ArchiveMember = { kind: 'stream', name: 'x', size: blob.length, open: () => stream }
  await expect(collect(packArchive([member], { mtime: 0 }))).rejects.toThrow(message)
})

test('when the reader stops, the stream that is being read is closed', async () => {
  let closed = false
  const endless = async function* () {
    try {
      for (;;) yield Buffer.alloc(100_000)
    } finally {
      closed = true
    }
  }
  const member: ArchiveMember = { kind: 'stream', name: 'x', size: 2 ** 40, open: endless }
  for await (const chunk of packArchive([member], { mtime: 0 })) if (chunk.length > 600) break
  expect(closed).toBe(true)
})

async function* pieces(bytes: Buffer): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 60_000) yield bytes.subarray(at, at + 60_000)
}

async function* failing(): AsyncGenerator<Uint8Array> {
  yield blob.subarray(0, 1000)
  throw new Error('the disk is on fire')
}
