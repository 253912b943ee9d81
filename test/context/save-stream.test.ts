import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { saveStream } from '../../lib/context/save-stream.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

async function* chunks(...texts: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield Buffer.from(text)
}

test('a stream becomes a file', async () => {
  const path = join(temporaryDirectory(), 'file')
  await saveStream(chunks('a', '', 'bc'), path, {})
  expect(readFileSync(path, 'utf8')).toBe('abc')
})

test('a stream without an end is cut off by an error', async () => {
  async function* endless(): AsyncGenerator<Uint8Array> {
    for (;;) yield Buffer.alloc(1000)
  }
  const path = join(temporaryDirectory(), 'file')
  await expect(saveStream(endless(), path, { limit: 10_000 })).rejects.toMatchObject({ code: 'ARCHIVE_TOO_LARGE' })
})

test('and a signal stops it', async () => {
  const path = join(temporaryDirectory(), 'file')
  const signal = AbortSignal.abort(new Error('enough'))
  await expect(saveStream(chunks('a'), path, { signal })).rejects.toThrow('enough')
})
