import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { resolvePathInRoot } from '../../lib/base/path-in-root.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

/** A root below a directory that a link could lead out to. */
function makeRoot(): string {
  const root = join(temporaryDirectory(), 'root')
  mkdirSync(join(root, 'a/b'), { recursive: true })
  writeFileSync(join(root, 'a/file'), '')
  return root
}

/** `é` in Latin-1: no UTF-8. */
const LATIN1 = Buffer.from('caf\xe9', 'latin1')

function relative(root: string, path: string | Buffer): string | undefined {
  return resolvePathInRoot(root, path)?.relative.toString('latin1')
}

describe('a path inside a root directory', () => {
  test.each<[path: string, resolved: string]>([
    ['', ''],
    ['/', ''],
    ['/a//./b/', 'a/b'],
    ['a/b/../file', 'a/file'],
    ['/missing/../a/none', 'a/none'],
    ['/a/none/below', 'a/none/below'],
  ])('%j without links is cleaned, whether it exists or not', (path, resolved) => {
    expect(relative(makeRoot(), path)).toBe(resolved)
  })

  test.each(['..', '/..', '/../..', 'a/../../../..', '/../../etc/../..'])('%j never leads above the root', (path) => {
    const root = makeRoot()
    expect(relative(root, path)).toBe('')
    expect(relative(root, `${path}/a/b`)).toBe('a/b')
  })

  test.each<[target: string, resolved: string]>([
    ['/a', 'a/b'],
    ['//a/.', 'a/b'],
    ['../a', 'a/b'],
    ['../../../../a', 'a/b'],
    ['/../../a', 'a/b'],
    ['.', 'links/b'],
    ['none', 'links/none/b'],
  ])('a link to %j starts where it is, and one that is absolute at the root', (target, resolved) => {
    const root = makeRoot()
    mkdirSync(join(root, 'links'))
    symlinkSync(target, join(root, 'links/link'))
    expect(relative(root, '/links/link/b')).toBe(resolved)
  })

  test('links through links are followed, the last component too', () => {
    const root = makeRoot()
    symlinkSync('two', join(root, 'one'))
    symlinkSync('/a/three', join(root, 'two'))
    symlinkSync('b', join(root, 'a/three'))
    expect(relative(root, 'one')).toBe('a/b')
    expect(relative(root, 'one/../file')).toBe('a/file')
  })

  test('names that are not UTF-8 keep their bytes, in the path and in the target of a link', () => {
    const root = makeRoot()
    const directory = Buffer.concat([Buffer.from(`${root}/`), LATIN1])
    mkdirSync(directory)
    symlinkSync(LATIN1, join(root, 'link'))
    symlinkSync('a', Buffer.concat([directory, Buffer.from('/in')]))
    mkdirSync(Buffer.concat([directory, Buffer.from('/a')]))
    expect(relative(root, 'link')).toBe('caf\xe9')
    expect(relative(root, Buffer.concat([LATIN1, Buffer.from('/in')]))).toBe('caf\xe9/a')
    expect(relative(root, 'link/in/../../a')).toBe('a')
    expect(resolvePathInRoot(root, 'link')?.absolute).toEqual(directory)
  })

  test('a replacement character is a name of its own, not the bytes that it would stand for', () => {
    const root = makeRoot()
    symlinkSync('/a', Buffer.concat([Buffer.from(`${root}/`), LATIN1]))
    expect(relative(root, 'caf\ufffd')).toBe(Buffer.from('caf\ufffd').toString('latin1'))
    expect(relative(root, LATIN1)).toBe('a')
  })

  test('loops end without a result', () => {
    const root = makeRoot()
    symlinkSync('loop', join(root, 'loop'))
    symlinkSync('pong', join(root, 'ping'))
    symlinkSync('/ping/x', join(root, 'pong'))
    expect(resolvePathInRoot(root, 'loop')).toBeUndefined()
    expect(resolvePathInRoot(root, '/ping/file')).toBeUndefined()
  })

  test('255 links are followed, one more is not', () => {
    const root = makeRoot()
    symlinkSync('a', join(root, 'link0'))
    for (let i = 1; i <= 255; i++) symlinkSync(`link${i - 1}`, join(root, `link${i}`))
    expect(relative(root, 'link254')).toBe('a')
    expect(resolvePathInRoot(root, 'link255')).toBeUndefined()
  })

  test('a path through a file is an error of the system', () => {
    expect(() => resolvePathInRoot(makeRoot(), '/a/file/below')).toThrow(expect.objectContaining({ code: 'ENOTDIR' }))
  })

  test('the path on the host is that of the root with the resolved one behind it', () => {
    const root = makeRoot()
    symlinkSync('/', join(root, 'top'))
    expect(resolvePathInRoot(root, 'top')?.absolute.toString()).toBe(root)
    expect(resolvePathInRoot(`${root}/`, 'top/a/b')?.absolute.toString()).toBe(join(root, 'a/b'))
    expect(resolvePathInRoot('/', '/')?.absolute.toString()).toBe('/')
  })
})
