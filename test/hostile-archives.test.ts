// Archives that want out, or too much: as what ADD unpacks, and as the build context. Each test is named for its class.
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterEach, describe, expect, test } from 'vitest'
import { build, type ContextSource } from '../lib/index.ts'
import { makeTar } from './support/make-tar.ts'
import { run } from './support/run.ts'
import { temporaryDirectory } from './support/temporary-directory.ts'

const outside = '/tmp/tsbuild-hostile'
afterEach(() => expect(existsSync(outside)).toBe(false))

async function list(context: ContextSource, dockerfile: string, store = temporaryDirectory()): Promise<string[]> {
  const dest = join(temporaryDirectory(), 'files.tar')
  await build({ context, dockerfile: { text: dockerfile }, store, outputs: [{ type: 'tar', dest }] })
  const lines = run('tar', ['--numeric-owner', '-tvf', dest]).trimEnd().split('\n')
  return lines.map((line) => line.replace(/^(.).* \d\d:\d\d (.*)$/, '$1 $2'))
}

type Way = (archive: Uint8Array) => Promise<string[]>
const add: Way = (archive) => list(new Map([['a.tar', archive]]), 'FROM scratch\nADD a.tar /d/\n')
async function* chunks(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}
const context: Way = (archive) => list({ stream: chunks(archive) }, 'FROM scratch\nCOPY . /d/\n')

describe.each<[string, Way]>([
  ['ADD', add],
  ['a context', context],
])('%s', (_, unpack) => {
  test('path traversal: ".." stays below the destination', async () => {
    const tar = await makeTar(
      { name: '../../up', body: 'x' },
      { name: 'a/../../b', body: 'x' },
      { name: '..', type: 'directory' },
    )
    expect(await unpack(tar)).toEqual(['d d/', '- d/b', '- d/up'])
  })

  test('absolute paths are below the destination', async () => {
    const tar = await makeTar({ name: `${outside}/x`, body: 'x' })
    expect(await unpack(tar)).toEqual(['d d/', 'd d/tmp/', 'd d/tmp/tsbuild-hostile/', '- d/tmp/tsbuild-hostile/x'])
  })

  test('symlinked parents: what goes through a link stays below the destination', async () => {
    const tar = await makeTar(
      { name: 'way', type: 'symlink', linkname: outside },
      { name: 'way/x', body: 'x' },
      { name: 'up', type: 'symlink', linkname: '../../../../..' },
      { name: 'up/y', body: 'y' },
    )
    expect(await unpack(tar)).toEqual([
      'd d/',
      'd d/tmp/',
      'd d/tmp/tsbuild-hostile/',
      '- d/tmp/tsbuild-hostile/x',
      'l d/up -> ../../../../..',
      'l d/way -> /tmp/tsbuild-hostile',
      '- d/y',
    ])
  })

  test('symlink loops are an error', async () => {
    const tar = await makeTar(
      { name: 'a', type: 'symlink', linkname: 'b' },
      { name: 'b', type: 'symlink', linkname: 'a' },
      { name: 'a/x', body: 'x' },
    )
    await expect(unpack(tar)).rejects.toMatchObject({ code: 'SYMLINK_LOOP' })
  })

  test.each(['/etc/passwd', '../../../../etc/passwd'])(
    'a hard link to %s is none to the file of this machine',
    async (linkname) => {
      await expect(unpack(await makeTar({ name: 'link', type: 'link', linkname }))).rejects.toMatchObject({
        code: 'ARCHIVE_INVALID',
        message: expect.stringContaining('hard link'),
      })
    },
  )

  test('a hard link through a symlink leads nowhere else', async () => {
    const tar = await makeTar(
      { name: 'way', type: 'symlink', linkname: '/etc' },
      { name: 'link', type: 'link', linkname: 'way/passwd' },
    )
    await expect(unpack(tar)).rejects.toMatchObject({ code: 'ARCHIVE_INVALID' })
  })

  test('device nodes are entries of the layer, and nothing on this machine', async () => {
    const tar = await makeTar(
      { name: 'null', type: 'character-device', devmajor: 1, devminor: 3 },
      { name: 'pipe', type: 'fifo' },
    )
    expect(await unpack(tar)).toEqual(['d d/', 'c d/null', 'p d/pipe'])
  })

  test('duplicate entries: the last counts, of whatever kind', async () => {
    const tar = await makeTar(
      { name: 'a', body: 'one' },
      { name: 'a', type: 'directory' },
      { name: 'a/x', body: 'x' },
      { name: 'b/x', body: 'x' },
      { name: 'b', body: 'file' },
    )
    expect(await unpack(tar)).toEqual(['d d/', 'd d/a/', '- d/a/x', '- d/b'])
  })

  test('truncated archives are an error, wherever they end', async () => {
    const tar = await makeTar({ name: 'a', body: 'x'.repeat(5000) }, { name: 'b', body: 'y' })
    const packed = gzipSync(tar)
    for (const cut of [tar.subarray(0, 700), tar.subarray(0, 3000), tar.subarray(0, 5900), packed.subarray(0, -20)]) {
      await expect(unpack(cut)).rejects.toMatchObject({ code: 'ARCHIVE_INVALID' })
    }
  })

  test('corrupt archives are an error', async () => {
    const tar = await makeTar({ name: 'a', body: 'x'.repeat(5000) }, { name: 'b', body: 'y' })
    const second = Buffer.from(tar)
    second.fill(0xff, 5632, 5700)
    // Noise, so that there is something to read before what is wrong comes.
    const noise = randomBytes(1 << 20).toString('latin1')
    const packed = gzipSync(await makeTar({ name: 'a', body: noise }))
    packed.writeUInt32LE(1, packed.length - 8)
    for (const bad of [second, packed]) await expect(unpack(bad)).rejects.toMatchObject({ code: 'ARCHIVE_INVALID' })
  })

  test('gigantic entries: a size that is not there is an error, not an allocation', async () => {
    const tar = await makeTar({ name: 'a', body: 'x' })
    const huge = Buffer.from(tar.subarray(0, 1024))
    huge.write('77777777777\0', 124, 'latin1')
    huge.fill(' ', 148, 156)
    const sum = huge.subarray(0, 512).reduce((total, byte) => total + byte, 0)
    huge.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
    await expect(unpack(huge)).rejects.toMatchObject({ code: 'ARCHIVE_INVALID' })
  })

  test('decompression bombs end at the limit', async () => {
    const before = process.env['TSBUILD_MAX_INPUT']
    process.env['TSBUILD_MAX_INPUT'] = '1m'
    try {
      const bomb = gzipSync(await makeTar({ name: 'zeros', body: '\0'.repeat(3 << 20) }))
      await expect(unpack(bomb)).rejects.toMatchObject({
        code: 'ARCHIVE_TOO_LARGE',
        hint: 'TSBUILD_MAX_INPUT sets another limit',
      })
    } finally {
      if (before === undefined) delete process.env['TSBUILD_MAX_INPUT']
      else process.env['TSBUILD_MAX_INPUT'] = before
    }
  })
})
