import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readdirSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, expect, test } from 'vitest'
import { processMark } from '../../../lib/base/process-mark.ts'
import { leaseDirectory, leasedParts, openLeases } from '../../../lib/cache/space/leases.ts'
import { waitForRemoval, whileRemoving } from '../../../lib/cache/space/removal.ts'
import { openStore } from '../../../lib/cache/store.ts'
import { useStore } from '../../../lib/cache/use-store.ts'
import { sha256 } from '../../../lib/oci/digest.ts'
import { temporaryDirectory } from '../../support/temporary-directory.ts'

let root: string
beforeEach(() => {
  root = join(temporaryDirectory(), 'store')
})

const lib = (path: string): string => JSON.stringify(join(import.meta.dirname, '../../../lib', path))

/** Runs a program, and resolves when it has printed its first line. */
async function start(program: string) {
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exited = once(child, 'exit')
  await once(child.stdout, 'data')
  return { child, exited }
}

test('a blob is leased from when it is written or found until the store is closed', () => {
  const writing = openStore(root)
  const { digest } = writing.put(Buffer.from('x'), 'text/plain')
  expect(leasedParts(root)).toEqual(new Set([digest]))
  const reading = openStore(root)
  expect(reading.has(sha256('absent'))).toBe(false)
  expect(reading.holds({ digest, size: 1 })).toBe(true)
  writing.close()
  expect(leasedParts(root)).toEqual(new Set([digest]))
  reading.close()
  expect(leasedParts(root)).toEqual(new Set())
  expect(readdirSync(leaseDirectory(root))).toEqual(['removing'])
})

test('a store that stays open leases nothing once its last operation has ended', () => {
  const store = openStore(root)
  const [first, second] = [useStore(store), useStore(store)]
  const { digest } = first.put(Buffer.from('x'), 'text/plain')
  first.close()
  expect(leasedParts(root)).toEqual(new Set([digest]))
  second.close()
  expect(leasedParts(root)).toEqual(new Set())
})

test('the lease of a process that was killed does not count', async () => {
  const { child, exited } = await start(`import { openStore } from ${lib('cache/store.ts')}
    openStore(${JSON.stringify(root)}).put(Buffer.from('x'), 'text/plain')
    console.log('ready')
    setInterval(() => {}, 1000)`)
  expect(leasedParts(root)).toEqual(new Set([sha256('x')]))
  child.kill('SIGKILL')
  await exited
  expect(leasedParts(root)).toEqual(new Set())
})

test('a use is noted in the time of a blob, at most every ten minutes', () => {
  const store = openStore(root)
  const { digest } = store.put(Buffer.from('x'), 'text/plain')
  const path = store.path(digest)
  store.close()
  const recently = Math.floor(Date.now() / 1000) - 60
  for (const [time, noted] of [
    [recently, false],
    [1_000_000, true],
  ] as const) {
    utimesSync(path, time, time)
    const again = openStore(root)
    expect(again.has(digest)).toBe(true)
    again.close()
    expect(statSync(path).mtimeMs / 1000 > time).toBe(noted)
  }
})

test('one process removes at a time, and the others begin no use meanwhile', async () => {
  mkdirSync(root)
  const { child, exited } = await start(`import { whileRemoving } from ${lib('cache/space/removal.ts')}
    import { writeSync } from 'node:fs'
    whileRemoving(${JSON.stringify(leaseDirectory(root))}, () => {
      writeSync(1, 'ready')
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300)
      writeSync(1, String(Date.now()))
    })`)
  let ended = 0
  child.stdout.on('data', (chunk: Buffer) => {
    ended = Number(chunk)
  })
  openLeases(root).keep('part')
  const used = Date.now()
  await exited
  expect(ended).toBeGreaterThan(0)
  expect(used).toBeGreaterThanOrEqual(ended)
  expect(readdirSync(join(leaseDirectory(root), 'removing'))).toEqual(['free'])
})

test('a removal whose process was killed holds nobody up', async () => {
  mkdirSync(root)
  const directory = leaseDirectory(root)
  const { child, exited } = await start(`import { whileRemoving } from ${lib('cache/space/removal.ts')}
    import { writeSync } from 'node:fs'
    whileRemoving(${JSON.stringify(directory)}, () => {
      writeSync(1, 'ready')
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 60_000)
    })`)
  child.kill('SIGKILL')
  await exited
  expect(readdirSync(join(directory, 'removing'))).not.toEqual(['free'])
  waitForRemoval(directory)
  expect(whileRemoving(directory, (inTime) => inTime())).toBe(true)
  expect(readdirSync(join(directory, 'removing'))).toEqual(['free'])
})

test('a removal of another machine ends after a while, since nobody can see whether it lives', () => {
  const directory = leaseDirectory(root)
  const mark = processMark().replace(/-[0-9a-f]{8}-/, '-00000000-')
  mkdirSync(join(directory, 'removing'), { recursive: true })
  const file = join(directory, 'removing', mark)
  writeFileSync(file, '')
  const before = Date.now() / 1000 - 11
  utimesSync(file, before, before)
  waitForRemoval(directory)
  expect(whileRemoving(directory, () => existsSync(file))).toBe(false)
  expect(readdirSync(join(directory, 'removing'))).toEqual(['free'])
})
