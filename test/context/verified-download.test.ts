import { expect, test } from 'vitest'
import { openStore } from '../../lib/cache/store.ts'
import { download } from '../../lib/context/verified-download.ts'
import { sha256 } from '../../lib/oci/digest.ts'
import { serve, testClient } from '../http/server.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

test('a download is kept under its digest, with what to ask for it again', async () => {
  const store = openStore(temporaryDirectory())
  const origin = await serve((_, response) => {
    response.setHeader('etag', 'W/"a"').setHeader('last-modified', 'Thu, 02 Jan 2020 03:04:05 GMT').end('text')
  })
  const seen: number[] = []
  const got = await download(`${origin}/a`, { client: testClient(), store, onBytes: (bytes) => seen.push(bytes) })
  expect(got).toEqual({
    digest: sha256('text'),
    size: 4,
    etag: 'W/"a"',
    modified: 'Thu, 02 Jan 2020 03:04:05 GMT',
  })
  expect(store.has(got.digest)).toBe(true)
  expect(seen.at(-1)).toBe(4)
})

test('an unchanged file that a server sends again is not read', async () => {
  const store = openStore(temporaryDirectory())
  const origin = await serve((_, response) => void response.setHeader('etag', 'W/"a"').end('changed without saying so'))
  const previous = { digest: sha256('text'), size: 4, etag: '"a"', modified: undefined }
  expect(await download(`${origin}/a`, { client: testClient(), store, previous })).toBe(previous)
})

test('one that is too large is an error, and nothing of it stays', async () => {
  const store = openStore(temporaryDirectory())
  const origin = await serve((_, response) => void response.end('x'.repeat(100)))
  await expect(download(`${origin}/a?token=1`, { client: testClient(), store, limit: 99 })).rejects.toMatchObject({
    code: 'ARCHIVE_TOO_LARGE',
    message: `${origin}/a?… has more than 99 bytes`,
  })
  expect(store.has(sha256('x'.repeat(100)))).toBe(false)
  expect((await download(`${origin}/a`, { client: testClient(), store, limit: 100 })).size).toBe(100)
})

test('one that is not what it should be is not kept', async () => {
  const store = openStore(temporaryDirectory())
  const origin = await serve((_, response) => void response.end('evil'))
  const checksum = sha256('good')
  await expect(download(`${origin}/a`, { client: testClient(), store, checksum })).rejects.toMatchObject({
    code: 'DIGEST_MISMATCH',
  })
  expect(store.has(sha256('evil'))).toBe(false)
})
