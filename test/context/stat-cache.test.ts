import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, expect, test } from 'vitest'
import { type DiskStore, openStore } from '../../lib/cache/store.ts'
import { openStatCache, type StatCache } from '../../lib/context/stat-cache.ts'
import type { FileStat } from '../../lib/layers/entry.ts'
import { sha256 } from '../../lib/oci/digest.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

let store: DiskStore

beforeEach(() => {
  store = openStore(join(temporaryDirectory(), 'store'))
})

const NOW = 1_700_000_000_000
const stat: FileStat = { mtimeMs: NOW - 60_000.25, ctimeMs: NOW - 50_000, ino: 12, dev: 3 }
const hex = (text: string): string => sha256(text).slice(7)
const open = (now: number = NOW): StatCache => openStatCache(store, '/context', now)

function* files(entries: readonly (readonly [string, FileStat])[]) {
  for (const [path, s] of entries) yield { path, size: 5, stat: s, sha256: Buffer.from(hex(path), 'hex') }
}

function saved(entries: readonly (readonly [string, FileStat])[], now: number = NOW): void {
  open(now).save(files(entries))
}

function found(cache: StatCache, path: string, size = 5, s: FileStat = stat): string | undefined {
  const digest = cache.lookup(path, size, s)
  return digest && Buffer.from(digest).toString('hex')
}

/** The cache's file in the store. */
function file(): string {
  const directory = join(store.root, 'derived/stat')
  return join(directory, readdirSync(directory)[0] ?? '')
}

test('an unchanged file is remembered from one run to the next', () => {
  saved([['a', stat]])
  expect(found(open(), 'a')).toBe(hex('a'))
  expect(found(openStatCache(store, '/other', NOW), 'a')).toBeUndefined()
})

test.each<[string, number, Partial<FileStat>]>([
  ['size', 6, {}],
  ['mtime', 5, { mtimeMs: stat.mtimeMs + 0.25 }],
  ['ctime', 5, { ctimeMs: stat.ctimeMs + 1 }],
  ['inode', 5, { ino: 13 }],
  ['device', 5, { dev: 4 }],
])('a file with another %s is not', (_, size, change) => {
  saved([['a', stat]])
  expect(found(open(), 'a', size, { ...stat, ...change })).toBeUndefined()
})

test.each([
  [{ ...stat, mtimeMs: NOW - 1999 }, false],
  [{ ...stat, ctimeMs: NOW - 1999 }, false],
  [{ ...stat, mtimeMs: NOW + 1e9 }, false],
  [{ ...stat, ctimeMs: NOW - 2001 }, true],
])('a file that changed just before the run is not trusted, the others are: %j %s', (racy, remembered) => {
  saved([
    ['a', racy],
    ['b', stat],
  ])
  expect(found(open(), 'a', 5, racy) !== undefined).toBe(remembered)
  expect(found(open(), 'b')).toBe(hex('b'))
})

test('files are found in any order, and those that are not saved again are forgotten', () => {
  const paths = ['b', 'a', 'c/d', 'ü']
  saved(paths.map((path) => [path, stat]))
  const second = open()
  expect(['c/d', 'a', 'c', 'b', 'b', ''].map((path) => found(second, path))).toEqual(
    ['c/d', 'a', '', 'b', 'b', ''].map((path) => (path === '' ? undefined : hex(path))),
  )
  second.save(files(['c/d', 'a'].map((path) => [path, stat])))
  const third = open()
  expect(['a', 'ü', 'b', 'c/d'].map((path) => found(third, path))).toEqual([hex('a'), undefined, undefined, hex('c/d')])
})

test('old and new files are kept together', () => {
  saved([
    ['a', stat],
    ['b', stat],
  ])
  const second = open()
  const all = ['a', 'new', 'b']
  expect(all.map((path) => found(second, path))).toEqual([hex('a'), undefined, hex('b')])
  second.save(files(all.map((path) => [path, stat])))
  const third = open()
  expect(all.map((path) => found(third, path))).toEqual(all.map(hex))
})

test('what is kept already is not written again', () => {
  const paths = ['a', 'b']
  saved(paths.map((path) => [path, stat]))
  const before = statSync(file()).ino
  for (const [wanted, isWritten] of [
    [paths, false],
    [['b', 'a'], false],
    [['a'], true],
  ] as const) {
    const cache = open()
    for (const path of wanted) found(cache, path)
    cache.save(files(wanted.map((path) => [path, stat])))
    expect(statSync(file()).ino !== before).toBe(isWritten)
  }
})

test('thousands are remembered, each with its own hash', () => {
  const paths = Array.from({ length: 3000 }, (_, i) => `f${i}`)
  saved(paths.map((path, i) => [path, { ...stat, ino: i }]))
  const second = open()
  expect(paths.map((path, i) => found(second, path, 5, { ...stat, ino: i }))).toEqual(paths.map(hex))
})

test('a name that is not UTF-8 is remembered, and never taken for another', () => {
  saved([
    ['\udc80', stat],
    ['a', stat],
  ])
  const cache = open()
  for (const other of ['\ufffd', '\udc81', '\u0080']) expect(found(cache, other)).toBeUndefined()
  expect(['a', '\udc80'].map((path) => found(cache, path))).toEqual(['a', '\udc80'].map(hex))
})

test('a damaged file, or one of another version, is an empty cache', () => {
  saved([['a', stat]])
  const good = readFileSync(file())
  const other = Buffer.from(good.toString('latin1').replace('cache 2', 'cache 3'), 'latin1')
  for (let at = 0; at < good.length; at++) {
    const bad = Buffer.from(good)
    bad.writeUInt8((bad.readUInt8(at) ^ 0x55) & 0xff, at)
    for (const bytes of [bad, good.subarray(0, at), other]) {
      writeFileSync(file(), bytes)
      expect(found(open(), 'a')).toBeUndefined()
    }
  }
  writeFileSync(file(), good)
  expect(found(open(), 'a')).toBe(hex('a'))
})
