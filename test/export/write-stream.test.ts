import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PassThrough, Writable } from 'node:stream'
import { beforeEach, expect, test } from 'vitest'
import { writeStream } from '../../lib/export/write-stream.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

let directory: string
let file: string

beforeEach(() => {
  directory = temporaryDirectory()
  file = join(directory, 'file')
})

test('a file that is there is replaced only by a whole one', async () => {
  writeFileSync(file, 'before')
  const failure = new Error('the source failed')
  async function* failing(): AsyncIterable<Uint8Array> {
    yield Buffer.from('aft')
    expect(readFileSync(file, 'utf8')).toBe('before')
    throw failure
  }
  await expect(writeStream(file, failing())).rejects.toBe(failure)
  expect(readFileSync(file, 'utf8')).toBe('before')
  expect(readdirSync(directory)).toEqual(['file'])
  expect(await writeStream(file, [Buffer.from('aft'), Buffer.from('er')])).toBe(5)
  expect(readFileSync(file, 'utf8')).toBe('after')
})

test('a new file has the mode that any other would have', async () => {
  writeFileSync(join(directory, 'plain'), '')
  await writeStream(file, [])
  expect(statSync(file).mode).toBe(statSync(join(directory, 'plain')).mode)
})

test('what is no regular file is written to as it is', async () => {
  expect(await writeStream('/dev/null', [Buffer.from('x')])).toBe(1)
  expect(statSync('/dev/null').isCharacterDevice()).toBe(true)
})

test('an abort stops a source that never waits', async () => {
  const controller = new AbortController()
  function* endless(): Iterable<Uint8Array> {
    for (;;) yield Buffer.alloc(1)
  }
  setTimeout(() => controller.abort(new Error('stop')), 20)
  await expect(writeStream(file, endless(), { signal: controller.signal })).rejects.toThrow('stop')
  expect(readdirSync(directory)).toEqual([])
})

test('a chunk whose memory is used again arrives unharmed on a slow stream', async () => {
  const stdout = new PassThrough({ highWaterMark: 1 })
  const received: Buffer[] = []
  const reading = (async () => {
    for await (const chunk of stdout) received.push(chunk as Buffer)
  })()
  const memory = Buffer.alloc(3)
  function* reused(): Iterable<Uint8Array> {
    for (const text of ['abc', 'def', 'ghi']) {
      memory.write(text)
      yield memory
    }
  }
  await writeStream('-', reused(), { stdout })
  stdout.end()
  await reading
  expect(Buffer.concat(received).toString()).toBe('abcdefghi')
})

test('a stream that is waited for in vain can be aborted', async () => {
  const stdout = new PassThrough({ highWaterMark: 1 })
  const controller = new AbortController()
  setTimeout(() => controller.abort(new Error('stop')), 20)
  const writing = writeStream('-', [Buffer.alloc(10), Buffer.alloc(10)], { stdout, signal: controller.signal })
  await expect(writing).rejects.toThrow('stop')
})

test('a failure of the very last write is an error too', async () => {
  const stdout = new Writable({
    highWaterMark: 1000,
    write: (_chunk, _encoding, done) => {
      setTimeout(() => done(Object.assign(new Error('write EPIPE'), { code: 'EPIPE', syscall: 'write' })), 10)
    },
  })
  await expect(writeStream('-', [Buffer.from('x')], { stdout })).rejects.toMatchObject({ code: 'OUTPUT_IO' })
})
