import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openCache } from '../../../../lib/executor/worker/mounts/cache-sharing.ts'
import { lock } from '../../../../lib/executor/worker/mounts/file-lock.ts'

let directory = ''
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'caches-'))
})
afterEach(() => rmSync(directory, { recursive: true }))

type Sharing = 'shared' | 'private' | 'locked'
let count = 0
const open = (sharing: Sharing, signal: AbortSignal = new AbortController().signal, onWait: () => void = () => {}) =>
  openCache(
    directory,
    {
      kind: 'cache',
      id: 'id',
      target: '/c',
      sharing,
      layers: [],
      source: '',
      readonly: false,
      uid: 0,
      gid: 0,
      mode: 0o1770,
    },
    {
      owners: false,
      keep: () => {},
      signal,
      temporary: () => {
        const path = join(directory, `tmp-${count++}`)
        mkdirSync(path)
        return path
      },
      fill: async (fresh) => writeFileSync(join(fresh, 'seed'), 'x'),
      onWait,
    },
  )

test('a new cache begins with what it is filled with, and has the mode that was asked for', async () => {
  const { path } = await open('shared')
  expect(existsSync(join(path, 'seed'))).toBe(true)
  expect(statSync(path).mode & 0o7777).toBe(0o1770)
})

test('shared caches are one directory', async () => {
  const [one, two] = [await open('shared'), await open('shared')]
  expect(two.path).toBe(one.path)
})

test('private caches are apart while they are in use, and used again afterwards', async () => {
  const [one, two] = [await open('private'), await open('private')]
  expect(two.path).not.toBe(one.path)
  one.release()
  const three = await open('private')
  expect(three.path).toBe(one.path)
  for (const cache of [two, three]) cache.release()
})

test('a locked cache waits for its turn', async () => {
  const order: string[] = []
  const one = await open('locked', undefined, () => order.push('first waits'))
  const two = open('locked', undefined, () => order.push('second waits')).then((cache) => {
    order.push('second')
    return cache
  })
  await new Promise((resolve) => setTimeout(resolve, 150))
  order.push('first released')
  one.release()
  ;(await two).release()
  expect(order).toEqual(['second waits', 'first released', 'second'])
})

test('waiting for a lock ends with the signal', async () => {
  const held = await lock(join(directory, 'l'), new AbortController().signal)
  const controller = new AbortController()
  const waiting = lock(join(directory, 'l'), controller.signal)
  controller.abort()
  await expect(waiting).rejects.toThrow(expect.objectContaining({ name: 'AbortError' }))
  held.release()
})
