// Unusual files in a directory survive a build: from the disk to the tar that is exported.
import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { build } from '../../lib/index.ts'
import type { Entry } from '../../lib/layers/entry.ts'
import { asBuffer, bytesToPath } from '../../lib/layers/paths/path-bytes.ts'
import { TarParser } from '../../lib/layers/tar/tar-parser.ts'
import { makeTar } from '../support/make-tar.ts'
import { run } from '../support/run.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

let root = ''
beforeEach(() => {
  root = temporaryDirectory()
})

interface Copied extends Entry {
  readonly content: Buffer
}

/** The entries of what a Dockerfile of one instruction gives, by path. */
async function copy(instruction = 'COPY . /'): Promise<ReadonlyMap<string, Copied>> {
  const dest = join(temporaryDirectory(), 'files.tar')
  const dockerfile = { text: `FROM scratch\n${instruction}\n` }
  await build({ context: root, dockerfile, store: temporaryDirectory(), outputs: [{ type: 'tar', dest }] })
  const found = new Map<string, Copied>()
  let last = ''
  const parser = new TarParser({
    entry: (entry) => {
      last = entry.path
      found.set(last, { ...entry, content: Buffer.alloc(0) })
    },
    data: (bytes) => {
      const entry = found.get(last)
      if (entry) found.set(last, { ...entry, content: Buffer.concat([entry.content, bytes]) })
    },
  })
  parser.push(asBuffer(readFileSync(dest)))
  parser.finish()
  return found
}

describe('names', () => {
  test.each([
    ['a newline', Buffer.from('a\nb')],
    ['a backslash and quotes', Buffer.from('\\"\'`$x')],
    ['characters of other scripts', Buffer.from('žluťoučký 見る 🦊')],
    ['a composed and a decomposed character', Buffer.from('e\u0301')],
    ['bytes that are not UTF-8', Buffer.from([0x66, 0xff, 0xfe, 0x80])],
    ['half of a character', Buffer.from([0xe2, 0x82])],
    ['an encoded surrogate', Buffer.from([0xed, 0xa0, 0x80])],
    ['255 bytes', Buffer.alloc(255, 'x')],
    ['a dash at the start', Buffer.from('--checkpoint=1')],
    ['spaces around', Buffer.from(' . ')],
  ])('with %s are kept byte for byte', async (_, name) => {
    writeFileSync(Buffer.concat([Buffer.from(`${root}/`), name]), 'content')
    const found = await copy('COPY . /d/')
    expect(found.get(`d/${bytesToPath(name)}`)?.content.toString()).toBe('content')
  })

  test('of paths may be longer than a tar header holds, also in links', async () => {
    const deep = Array(8).fill('n'.repeat(120)).join('/')
    mkdirSync(join(root, deep), { recursive: true })
    writeFileSync(join(root, deep, 'file'), 'deep')
    symlinkSync(`/${deep}/file`, join(root, 'link'))
    linkSync(join(root, deep, 'file'), join(root, 'zhard'))
    const found = await copy()
    expect(found.get('zhard')).toMatchObject({ type: 'hardlink', linkname: `${deep}/file` })
    expect(found.get('link')).toMatchObject({ type: 'symlink', linkname: `/${deep}/file` })
  })
})

describe('modes', () => {
  test.each([0o4755, 0o2755, 0o1777, 0o6711, 0o7777, 0o400, 0o644])('%o is kept', async (mode) => {
    writeFileSync(join(root, 'file'), '')
    mkdirSync(join(root, 'dir'))
    // Without root, nothing can be copied from a directory that nobody may enter.
    chmodSync(join(root, 'dir'), mode | 0o700)
    chmodSync(join(root, 'file'), mode)
    const found = await copy()
    expect(found.get('file')?.mode.toString(8)).toBe(mode.toString(8))
    expect(found.get('dir')?.mode.toString(8)).toBe((mode | 0o700).toString(8))
  })

  test.each([
    ['u=rwX,go=rX', '755', '644', '755'],
    ['a-w,u+s', '4555', '4444', '4555'],
    ['+t', '1755', '1644', '1755'],
    ['g=u', '775', '664', '775'],
    ['go=', '700', '600', '700'],
    ['7777', '7777', '7777', '7777'],
    ['0', '0', '0', '0'],
  ])('are what --chmod=%s makes of them', async (chmod, directory, plain, executable) => {
    mkdirSync(join(root, 'd/d'), { recursive: true })
    chmodSync(join(root, 'd/d'), 0o755)
    writeFileSync(join(root, 'd/f'), '')
    chmodSync(join(root, 'd/f'), 0o644)
    writeFileSync(join(root, 'd/x'), '')
    chmodSync(join(root, 'd/x'), 0o755)
    const found = await copy(`COPY --chmod=${chmod} d /o/`)
    expect(['o/d', 'o/f', 'o/x'].map((path) => found.get(path)?.mode.toString(8))).toEqual([
      directory,
      plain,
      executable,
    ])
  })
})

test.each([
  ['2147483647:2097153', 2147483647, 2097153],
  ['2097152', 2097152, 2097152],
  ['0:65534', 0, 65534],
])('--chown=%s is kept, however large', async (chown, uid, gid) => {
  writeFileSync(join(root, 'file'), '')
  expect((await copy(`COPY --chown=${chown} file /`)).get('file')).toMatchObject({ uid, gid })
})

test.each([
  ['an image that is still empty', 'COPY --chown=app file /'],
  ['a linked layer', 'COPY file /\nCOPY --link --chown=5:app file /x'],
  ['a WORKDIR that has nothing below it', 'USER app\nWORKDIR /x'],
])('an owner with a name is refused for %s', async (_, instructions) => {
  writeFileSync(join(root, 'file'), '')
  await expect(copy(instructions)).rejects.toMatchObject({ code: 'CHOWN_INVALID', location: { file: {} } })
})

test.each(['root', 'root:0', '1:root', ''])('--chown=%s needs no files of the image', async (chown) => {
  writeFileSync(join(root, 'file'), '')
  expect((await copy(`COPY --link --chown=${chown} file /`)).get('file')).toMatchObject({ gid: 0 })
})

test('--chmod says nothing about where an archive is unpacked', async () => {
  writeFileSync(join(root, 'a'), await makeTar({ name: 'file', mode: 0o640 }))
  const found = await copy('ADD --chmod=700 --chown=5:6 a /new/place/')
  expect(['new', 'new/place', 'new/place/file'].map((path) => found.get(path))).toMatchObject([
    { mode: 0o755, uid: 5 },
    { mode: 0o755, uid: 5 },
    { mode: 0o640, uid: 5 },
  ])
})

describe('kinds of files', () => {
  test('fifos stay fifos', async () => {
    run('mkfifo', ['-m', '620', join(root, 'pipe')])
    expect((await copy()).get('pipe')).toMatchObject({ type: 'fifo', mode: 0o620, size: 0 })
  })

  test('hard links stay links of one file, and one alone is a file', async () => {
    writeFileSync(join(root, 'a'), 'shared')
    linkSync(join(root, 'a'), join(root, 'b'))
    mkdirSync(join(root, 'd'))
    linkSync(join(root, 'a'), join(root, 'd/c'))
    const all = await copy()
    expect([all.get('a')?.type, all.get('b')?.linkname, all.get('d/c')?.linkname]).toEqual(['file', 'a', 'a'])
    expect((await copy('COPY d /')).get('c')).toMatchObject({ type: 'file', size: 6 })
  })

  test('symlinks are copied below a source, and followed as one', async () => {
    writeFileSync(join(root, 'file'), 'content')
    mkdirSync(join(root, 'd'))
    symlinkSync('../file', join(root, 'd/relative'))
    symlinkSync('/nowhere/at/all', join(root, 'd/dangling'))
    symlinkSync('d', join(root, 'way'))
    const found = await copy()
    expect(found.get('d/relative')).toMatchObject({ type: 'symlink', linkname: '../file', mode: 0o777 })
    expect(found.get('d/dangling')?.linkname).toBe('/nowhere/at/all')
    expect((await copy('COPY way/relative /x')).get('x')?.content.toString()).toBe('content')
    expect([...(await copy('COPY way /y/')).keys()]).toEqual(['y', 'y/dangling', 'y/relative'])
  })

  test('sparse files have all their bytes', async () => {
    const size = 40 << 20
    const file = openSync(join(root, 'sparse'), 'w')
    writeSync(file, 'end', size - 3)
    expect(statSync(join(root, 'sparse')).blocks * 512).toBeLessThan(size / 2)
    const entry = (await copy()).get('sparse')
    expect(entry?.size).toBe(size)
    expect(entry?.content.subarray(-4).toString('latin1')).toBe('\0end')
    expect(entry?.content.subarray(0, size - 3).every((byte) => byte === 0)).toBe(true)
  })

  test('empty files and directories are there', async () => {
    writeFileSync(join(root, 'empty'), '')
    mkdirSync(join(root, 'd/e'), { recursive: true })
    const found = await copy()
    expect(['empty', 'd', 'd/e'].map((path) => found.get(path)?.type)).toEqual(['file', 'directory', 'directory'])
  })
})

test.each([
  ['before 1970', -86400],
  ['in 1970', 0],
  ['after 2038', 2 ** 32],
  ['after what 33 bits count', 2 ** 33 + 5],
])('a time %s is kept', async (_, seconds) => {
  writeFileSync(join(root, 'file'), '')
  // Node.js takes a negative time for none.
  run('touch', ['-d', `@${seconds}`, join(root, 'file')])
  expect((await copy()).get('file')?.mtime).toBe(seconds)
})

test('GNU tar reads the same out of it', async () => {
  writeFileSync(Buffer.concat([Buffer.from(`${root}/`), Buffer.from([0xff, 0x0a])]), 'x')
  mkdirSync(join(root, 'l'.repeat(200), 'm'.repeat(200)), { recursive: true })
  writeFileSync(join(root, 'l'.repeat(200), 'm'.repeat(200), 'file'), 'y')
  const dest = join(temporaryDirectory(), 'files.tar')
  const dockerfile = { text: 'FROM scratch\nCOPY --chown=2147483647 . /\n' }
  await build({ context: root, dockerfile, store: temporaryDirectory(), outputs: [{ type: 'tar', dest }] })
  const listing = execFileSync('tar', ['--quoting-style=escape', '--numeric-owner', '-tvf', dest], { encoding: 'utf8' })
  expect(listing).toContain('2147483647/2147483647')
  expect(listing).toContain('\\377\\n')
  expect(listing).toContain(`${'l'.repeat(200)}/${'m'.repeat(200)}/file`)
})
