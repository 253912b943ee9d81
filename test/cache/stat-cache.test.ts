import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, expect, test } from 'vitest'
import { type FileStat, openStatCache } from '../../lib/cache/stat-cache.ts'
import { openStore, type Store } from '../../lib/cache/store.ts'
import { sha256 } from '../../lib/oci/digest.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

let store: Store

beforeEach(() => {
  store = openStore(join(temporaryDirectory(), 'store'))
})

const NOW = 1_700_000_000_000
const stat: FileStat = { mtimeMs: NOW - 60_000.25, ctimeMs: NOW - 50_000, ino: 12, dev: 3 }
const hex = (text: string): string => sha256(text).slice(7)

function saved(entries: readonly (readonly [string, FileStat])[], now: number = NOW): void {
  const cache = openStatCache(store, '/context', now)
  for (const [path, s] of entries) cache.record(path, 5, s, hex(path))
  cache.save()
}

test('an unchanged file is remembered from one run to the next', () => {
  saved([['a', stat]])
  expect(openStatCache(store, '/context', NOW).lookup('a', 5, stat)).toBe(hex('a'))
  expect(openStatCache(store, '/other', NOW).lookup('a', 5, stat)).toBeUndefined()
})

test.each<[string, number, Partial<FileStat>]>([
  ['size', 6, {}],
  ['mtime', 5, { mtimeMs: stat.mtimeMs + 0.25 }],
  ['ctime', 5, { ctimeMs: stat.ctimeMs + 1 }],
  ['inode', 5, { ino: 13 }],
  ['device', 5, { dev: 4 }],
])('a file with another %s is not', (_, size, change) => {
  saved([['a', stat]])
  expect(openStatCache(store, '/context', NOW).lookup('a', size, { ...stat, ...change })).toBeUndefined()
})

test.each([
  [{ ...stat, mtimeMs: NOW - 1999 }, false],
  [{ ...stat, ctimeMs: NOW - 1999 }, false],
  [{ ...stat, mtimeMs: NOW + 1e9 }, false],
  [{ ...stat, ctimeMs: NOW - 2001 }, true],
])('a file that changed just before the run is not trusted: %j %s', (racy, remembered) => {
  saved([['a', racy]])
  expect(openStatCache(store, '/context', NOW).lookup('a', 5, racy) !== undefined).toBe(remembered)
})

test('files are found in any order, and those that were not asked for are forgotten', () => {
  const paths = ['b', 'a', 'c/d', 'ü']
  saved(paths.map((path) => [path, stat]))
  const second = openStatCache(store, '/context', NOW)
  for (const path of ['c/d', 'a', 'b']) expect(second.lookup(path, 5, stat)).toBe(hex(path))
  second.save()
  const third = openStatCache(store, '/context', NOW)
  expect(['a', 'ü', 'b'].map((path) => third.lookup(path, 5, stat))).toEqual([hex('a'), undefined, hex('b')])
})

test('old and new files are kept together, and asking twice keeps one', () => {
  saved([
    ['a', stat],
    ['b', stat],
  ])
  const second = openStatCache(store, '/context', NOW)
  for (const path of ['a', 'a', 'b']) second.lookup(path, 5, stat)
  second.record('new', 5, { ...stat, ino: 99 }, hex('new'))
  second.save()
  const third = openStatCache(store, '/context', NOW)
  expect(['a', 'b'].map((path) => third.lookup(path, 5, stat))).toEqual([hex('a'), hex('b')])
  expect(third.lookup('new', 5, { ...stat, ino: 99 })).toBe(hex('new'))
})

test('thousands are remembered, each with its own hash', () => {
  const paths = Array.from({ length: 3000 }, (_, i) => `f${i}`)
  saved(paths.map((path, i) => [path, { ...stat, ino: i }]))
  const second = openStatCache(store, '/context', NOW)
  expect(paths.map((path, i) => second.lookup(path, 5, { ...stat, ino: i }))).toEqual(paths.map(hex))
})

test('a name that is not UTF-8 is never taken for another', () => {
  saved([
    ['\udc80', stat],
    ['a', stat],
  ])
  const cache = openStatCache(store, '/context', NOW)
  expect(cache.lookup('\udc80', 5, stat)).toBeUndefined()
  expect(cache.lookup('\ufffd', 5, stat)).toBeUndefined()
  expect(cache.lookup('a', 5, stat)).toBe(hex('a'))
})

test('a damaged file is an empty cache', () => {
  saved([['a', stat]])
  const [name] = readdirSync(join(store.root, 'stat'))
  const file = join(store.root, 'stat', name ?? '')
  const good = readFileSync(file)
  for (let at = 0; at < good.length; at++) {
    const bad = Buffer.from(good)
    bad.writeUInt8((bad.readUInt8(at) ^ 0x55) & 0xff, at)
    for (const bytes of [bad, good.subarray(0, at)]) {
      writeFileSync(file, bytes)
      expect(openStatCache(store, '/context', NOW).lookup('a', 5, stat)).toBeUndefined()
    }
  }
  writeFileSync(file, good)
  expect(openStatCache(store, '/context', NOW).lookup('a', 5, stat)).toBe(hex('a'))
})

test('sixty thousand files take a fraction of a second', () => {
  const paths = Array.from({ length: 60_000 }, (_, i) => `src/module-${i % 977}/component-${i}/index.test.ts`)
  saved(paths.map((path) => [path, stat]))
  const started = performance.now()
  const cache = openStatCache(store, '/context', NOW)
  for (const path of paths) cache.lookup(path, 5, stat)
  cache.save()
  // About 30 ms on a quiet machine.
  expect(performance.now() - started).toBeLessThan(1000)
})
