import { existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { createMountPoints } from '../../../../lib/executor/worker/mounts/mount-points.ts'
import { resolveMountTarget } from '../../../../lib/executor/worker/mounts/mount-target.ts'
import type { SandboxMount } from '../../../../lib/sandbox/types.ts'
import { temporaryDirectory } from '../../../support/temporary-directory.ts'

let root = ''
let cache = ''
let outside = ''
beforeEach(() => {
  root = temporaryDirectory()
  cache = temporaryDirectory()
  outside = temporaryDirectory()
})

const bind = (target: string, readonly = false): SandboxMount => ({ kind: 'bind', source: cache, target, readonly })
const tmpfs = (target: string): SandboxMount => ({ kind: 'tmpfs', target, size: undefined, mode: 0o755 })
const resolve = (target: string, kind: 'directory' | 'file', ...earlier: SandboxMount[]): string =>
  resolveMountTarget({ target, kind }, { earlier, root, points: createMountPoints(root) })

describe('the target of a mount', () => {
  test('is resolved in the root, and made there', () => {
    symlinkSync('/real', join(root, 'link'))
    expect(resolve('/link/a', 'directory')).toBe('/real/a')
    expect(readdirSync(join(root, 'real'))).toEqual(['a'])
  })

  test('is made in an earlier mount that it is within', () => {
    expect(resolve('/cache/a/b', 'file', bind('/cache'))).toBe('/cache/a/b')
    expect(readdirSync(join(cache, 'a'))).toEqual(['b'])
    expect(existsSync(join(root, 'cache'))).toBe(false)
  })

  test('is in an earlier mount too if a link of the root leads there', () => {
    symlinkSync('cache', join(root, 'link'))
    expect(resolve('/link/a', 'directory', bind('/cache'))).toBe('/cache/a')
    expect(readdirSync(cache)).toEqual(['a'])
  })

  test('is left to the back-end within a tmpfs and below /dev', () => {
    expect(resolve('/t/a', 'directory', tmpfs('/t'))).toBe('/t/a')
    expect(resolve('/dev/pipes', 'directory')).toBe('/dev/pipes')
    expect(readdirSync(root)).toEqual([])
  })

  test('is no device if a directory is mounted', () => {
    expect(() => resolve('/dev/null', 'directory')).toThrow(expect.objectContaining({ code: 'MOUNT_INVALID' }))
    expect(resolve('/dev/null', 'file')).toBe('/dev/null')
  })

  test.each(['/cache/link/new', '/cache/link', '/link/link/new'])(
    'is not reached through a link of a mount: %s',
    (path) => {
      symlinkSync(outside, join(cache, 'link'))
      symlinkSync('/cache', join(root, 'link'))
      for (const kind of ['directory', 'file'] as const) {
        expect(() => resolve(path, kind, bind('/cache'))).toThrow(expect.objectContaining({ code: 'MOUNT_INVALID' }))
      }
      expect(readdirSync(outside)).toEqual([])
    },
  )

  test.each([
    '/proc/self/root/usr/bin/sh',
    '/proc/1/cwd',
    '/sys/kernel',
    '/dev/fd/3',
    '/dev/core',
    '/link/self/root/etc',
    '/in-proc',
  ])('is not where the kernel has links of its own: %s', (path) => {
    mkdirSync(join(root, 'proc/self/root/etc'), { recursive: true })
    symlinkSync('/proc', join(root, 'link'))
    symlinkSync('proc/self/root', join(root, 'in-proc'))
    expect(() => resolve(path, 'file')).toThrow(expect.objectContaining({ code: 'MOUNT_INVALID' }))
  })

  test('has to be there in a read-only mount', () => {
    writeFileSync(join(cache, 'a'), '')
    expect(resolve('/cache/a', 'file', bind('/cache', true))).toBe('/cache/a')
    expect(() => resolve('/cache/b', 'file', bind('/cache', true))).toThrow(
      /"\/cache\/b" is not there in the read-only/,
    )
  })
})
