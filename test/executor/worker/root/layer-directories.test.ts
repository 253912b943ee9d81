import { existsSync, mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { beforeEach, expect, test } from 'vitest'
import { type LayerDirectories, openLayerDirectories } from '../../../../lib/executor/worker/root/layer-directories.ts'
import { temporaryDirectory } from '../../../support/temporary-directory.ts'

let root: string
beforeEach(() => {
  root = temporaryDirectory()
})

const open = (boot: string, sync: () => Promise<boolean> = async () => true): LayerDirectories =>
  openLayerDirectories(root, { boot, sync, keep: () => {} })

function place(directories: LayerDirectories, name: string, lost: readonly string[] = []): string {
  const fresh = join(temporaryDirectory(), 'fresh')
  mkdirSync(fresh)
  writeFileSync(join(fresh, 'file'), name)
  return directories.place(name, fresh, lost)
}

test('a directory is found in the boot that made it, by every process', () => {
  const path = place(open('00000001'), 'a')
  expect(open('00000001').find('a')).toBe(path)
  expect(open('00000001').find('b')).toBeUndefined()
})

test('a directory of another boot is not found: a power cut may have emptied its files', () => {
  place(open('00000001'), 'a')
  const later = open('00000002')
  expect(later.find('a')).toBeUndefined()
  const again = place(later, 'a')
  expect(later.find('a')).toBe(again)
})

test('a directory that the disk has is found in every boot', async () => {
  const directories = open('00000001')
  const path = place(directories, 'a')
  directories.startSync()
  await directories.settled()
  expect(open('00000002').find('a')).toBe(path)
})

test('a directory that was placed while the disk was written, or when it failed, is not marked', async () => {
  let release: (done: boolean) => void = () => {}
  const directories = open('00000001', () => new Promise((resolve) => (release = resolve)))
  place(directories, 'a')
  directories.startSync()
  place(directories, 'late')
  release(true)
  await directories.settled()
  expect(['a', 'late'].map((name) => open('00000002').find(name) !== undefined)).toEqual([true, false])
  directories.startSync()
  release(false)
  await directories.settled()
  expect(open('00000002').find('late')).toBeUndefined()
})

test('a directory of this boot that an earlier process did not sync is synced by the next one that uses it', async () => {
  const path = place(open('00000001'), 'a')
  const next = open('00000001')
  next.startSync()
  await next.settled()
  expect(open('00000002').find('a')).toBeUndefined()
  next.find('a')
  next.startSync()
  await next.settled()
  expect(open('00000002').find('a')).toBe(path)
})

test('of two steps that place the same directory, the first one wins', () => {
  const directories = open('00000001')
  const first = place(directories, 'a')
  expect(place(directories, 'a')).toBe(first)
  expect(readdirSync(root)).toEqual(['a-00000001', 'a-00000001.used'])
})

test('the paths that a directory lacks are known to later processes', () => {
  const path = place(open('00000001'), 'a', ['dev/x'])
  const other = place(open('00000001'), 'b')
  expect([...open('00000001').lostPaths([other, path])]).toEqual(['dev/x'])
})

test('directories that an older version left are used by none', () => {
  mkdirSync(join(root, '0123456789abcdef'))
  mkdirSync(join(root, 'c-0123456789abcdef'))
  const directories = open('00000001')
  expect(directories.find('0123456789abcdef')).toBeUndefined()
  expect(directories.find('c-0123456789abcdef')).toBeUndefined()
})

test('a fresh directory of another boot stays: another machine may use it', () => {
  const path = place(open('00000001'), 'a')
  utimesSync(path, 0, 0)
  open('00000002')
  expect(existsSync(path)).toBe(true)
})

test('the empty directory is always there', () => {
  expect(basename(open('00000001').empty())).toBe('empty')
  expect(readdirSync(open('00000002').empty())).toEqual([])
})
