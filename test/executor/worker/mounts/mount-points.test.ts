import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createMountPoints } from '../../../../lib/executor/worker/mounts/mount-points.ts'
import { ensureWorkdir } from '../../../../lib/executor/worker/mounts/workdir.ts'

let root = ''
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'mount-points-'))
})
afterEach(() => rmSync(root, { recursive: true }))

test('a missing target is made and removed again; its parent keeps its times', () => {
  mkdirSync(join(root, 'etc'))
  utimesSync(join(root, 'etc'), 1000, 2000)
  const points = createMountPoints(root)
  expect(points.ensure('/etc/hosts', 'file')).toBe('/etc/hosts')
  expect(lstatSync(join(root, 'etc/hosts')).isFile()).toBe(true)
  points.remove()
  expect(existsSync(join(root, 'etc/hosts'))).toBe(false)
  expect(lstatSync(join(root, 'etc')).mtimeMs).toBe(2_000_000)
})

test('directories on the way go too, unless something is in them', () => {
  const points = createMountPoints(root)
  points.ensure('/a/b/c', 'directory')
  points.ensure('/d/e/f', 'file')
  writeFileSync(join(root, 'd/kept'), '')
  points.remove()
  expect(existsSync(join(root, 'a'))).toBe(false)
  expect(existsSync(join(root, 'd/kept'))).toBe(true)
  expect(existsSync(join(root, 'd/e'))).toBe(false)
})

test('what was there, and what was filled meanwhile, stays', () => {
  writeFileSync(join(root, 'old'), 'x')
  const points = createMountPoints(root)
  points.ensure('/old', 'file')
  points.ensure('/new', 'directory')
  writeFileSync(join(root, 'new/file'), 'x')
  points.remove()
  expect(existsSync(join(root, 'old'))).toBe(true)
  expect(existsSync(join(root, 'new/file'))).toBe(true)
})

test('nothing is removed through a link that a command put in the way', () => {
  const outside = mkdtempSync(join(tmpdir(), 'points-outside-'))
  mkdirSync(join(outside, 'c'))
  const points = createMountPoints(root)
  points.ensure('/a/b/c', 'directory')
  renameSync(join(root, 'a/b'), join(root, 'a/moved'))
  symlinkSync(outside, join(root, 'a/b'))
  points.remove()
  expect(readdirSync(outside)).toEqual(['c'])
  rmSync(outside, { recursive: true })
})

test('links lead to places in the root, never out of it', () => {
  mkdirSync(join(root, 'real'))
  symlinkSync('/real', join(root, 'absolute'))
  symlinkSync('../../../../escape', join(root, 'relative'))
  const points = createMountPoints(root)
  expect(points.ensure('/absolute/x', 'file')).toBe('/real/x')
  expect(points.ensure('/relative', 'directory')).toBe('/escape')
  expect(existsSync(join(root, 'escape'))).toBe(true)
})

test('a working directory is made with its parents', () => {
  symlinkSync('/srv', join(root, 'app'))
  expect(ensureWorkdir(root, '/app/a/b', undefined)).toBe('/srv/a/b')
  expect(lstatSync(join(root, 'srv/a/b')).mode & 0o777).toBe(0o755)
  expect(ensureWorkdir(root, '/', undefined)).toBe('/')
})
