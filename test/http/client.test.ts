import { expect, test } from 'vitest'
import type { HttpRequest } from '../../lib/http/client.ts'
import { readBody } from '../../lib/http/read-body.ts'
import { statusError } from '../../lib/http/status-error.ts'
import { cut, type IncomingMessage, type ServerResponse, serve, testClient } from './server.ts'

const textOf = async (client: ReturnType<typeof testClient>, request: HttpRequest): Promise<string> =>
  (await readBody(await client.request(request), 1 << 20)).toString()

/** Answers the first requests by the given listeners, in turn, and all others by the last. */
function inTurn(
  ...listeners: ((request: IncomingMessage, response: ServerResponse) => void)[]
): (request: IncomingMessage, response: ServerResponse) => void {
  let at = 0
  return (request, response) => listeners[Math.min(at++, listeners.length - 1)]?.(request, response)
}

const status =
  (code: number, headers: Record<string, string> = {}) =>
  (_: IncomingMessage, response: ServerResponse): void => {
    response.writeHead(code, headers).end()
  }
const reset = (request: IncomingMessage): void => {
  request.socket.resetAndDestroy()
}
const done = (_: IncomingMessage, response: ServerResponse): void => {
  response.end('done')
}

test('a request sends what it is given and says who asks', async () => {
  const origin = await serve((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const { 'user-agent': agent, 'content-length': length, 'accept-encoding': coding, x } = request.headers
      const told = {
        method: request.method,
        url: request.url,
        agent,
        length,
        coding,
        x,
        body: String(Buffer.concat(chunks)),
      }
      response.end(JSON.stringify(told))
    })
  })
  const client = testClient({ userAgent: 'test/1' })
  const url = `${origin}/a/b?c=d#e`
  const answer = await textOf(client, { method: 'PUT', url, headers: { X: 'y' }, body: 'hello' })
  expect(JSON.parse(answer)).toEqual({
    method: 'PUT',
    url: '/a/b?c=d',
    agent: 'test/1',
    length: '5',
    coding: 'identity',
    x: 'y',
    body: 'hello',
  })
})

test.each([
  ['a 429 that names no time', [status(429), done], [[375, 625]]],
  ['a 429 with seconds', [status(429, { 'retry-after': '7' }), done], [[7000, 7000]]],
  [
    'a 503 with a date',
    [status(503, { 'retry-after': new Date(Date.now() + 60_000).toUTCString() }), done],
    [[55_000, 60_000]],
  ],
  [
    'a 408, then a 500',
    [status(408), status(500), done],
    [
      [375, 625],
      [750, 1250],
    ],
  ],
  ['a reset', [reset, done], [[375, 625]]],
])('%s is followed by another attempt', async (_, answers, waits) => {
  const origin = await serve(inTurn(...answers))
  const client = testClient()
  const reasons: string[] = []
  expect(await textOf(client, { url: origin, onRetry: (reason) => reasons.push(reason) })).toBe('done')
  expect(reasons).toHaveLength(waits.length)
  expect(client.waits).toHaveLength(waits.length)
  for (const [at, [least = 0, most = 0]] of waits.entries()) {
    expect(client.waits[at]).toBeGreaterThanOrEqual(least)
    expect(client.waits[at]).toBeLessThanOrEqual(most)
  }
})

test('attempts end: the last answer is the answer, the last failure the failure', async () => {
  let count = 0
  const busy = await serve((_, response) => {
    count++
    response.writeHead(503).end('busy')
  })
  const client = testClient({ retries: 2 })
  expect((await client.request({ url: busy })).status).toBe(503)
  expect(count).toBe(3)
  const broken = await serve(reset)
  await expect(client.request({ url: broken })).rejects.toMatchObject({
    code: 'HTTP_FAILED',
    message: expect.stringMatching(/^GET http:\/\/127.0.0.1:\d+\/ failed: the connection was (reset|cut) \(\w+\)$/),
  })
})

test('a Retry-After beyond two minutes is not waited for', async () => {
  const client = testClient()
  const origin = await serve(status(429, { 'retry-after': '3600' }))
  expect((await client.request({ url: origin })).status).toBe(429)
  expect(client.waits).toEqual([])
})

test('a POST is sent once, unless it is said to be idempotent; a body that is a function is sent again', async () => {
  const client = testClient()
  const origin = await serve(inTurn(status(500), done))
  expect((await client.request({ url: origin, method: 'POST', body: 'x' })).status).toBe(500)
  const other = await serve(inTurn(status(500), echo))
  const body = {
    size: 6,
    open: async function* () {
      yield Buffer.from('abc')
      yield Buffer.from('def')
    },
  }
  expect(await textOf(client, { url: other, method: 'POST', body, idempotent: true })).toBe('abcdef')
})

function echo(request: IncomingMessage, response: ServerResponse): void {
  request.pipe(response)
}

test.each([
  ['nothing listens', 'http://127.0.0.1:1/', 'GET http://127.0.0.1:1/ failed: nothing listens there (ECONNREFUSED)'],
  [
    'no such host',
    'http://nowhere.invalid/x?token=s3cret',
    /^GET http:\/\/nowhere\.invalid\/x\?… failed: .*\((ENOTFOUND|EAI_AGAIN)\)$/,
  ],
  ['another scheme', 'ftp://user:s3cret@host/x', 'ftp://host/x is neither http: nor https:'],
  ['no URL', 'http://[', 'a URL is malformed'],
])('%s is one clear error without secrets', async (_, url, message) => {
  const error = await testClient({ retries: 1 })
    .request({ url })
    .catch((e: unknown) => e)
  expect(error).toMatchObject({ code: 'HTTP_FAILED' })
  expect(String((error as Error).message)).toMatch(
    message instanceof RegExp ? message : new RegExp(`^${escaped(message)}$`),
  )
  expect(String(error)).not.toContain('s3cret')
})

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')

test('timeouts are errors that say what did not come', async () => {
  const silent = await serve(() => {})
  const slow = await serve((_, response) => {
    response.write('a')
  })
  const client = testClient({ retries: 0, timeouts: { headers: 50, idle: 50 } })
  await expect(client.request({ url: silent })).rejects.toMatchObject({
    code: 'HTTP_FAILED',
    message: expect.stringContaining('no answer in time (UND_ERR_HEADERS_TIMEOUT)'),
  })
  await expect(textOf(client, { url: slow })).rejects.toMatchObject({
    code: 'HTTP_FAILED',
    message: expect.stringContaining('the server stopped sending (UND_ERR_BODY_TIMEOUT)'),
  })
})

test('a server that is slow to answer at first is asked again', async () => {
  const origin = await serve(inTurn(() => {}, done))
  const client = testClient({ timeouts: { headers: 50 } })
  const reasons: string[] = []
  expect(await textOf(client, { url: origin, onRetry: (reason) => reasons.push(reason) })).toBe('done')
  expect(reasons).toEqual([expect.stringContaining('no answer in time')])
})

test('an abort ends a request, a wait and a body with its reason', async () => {
  const reason = new Error('enough')
  const before = AbortSignal.abort(reason)
  await expect(testClient().request({ url: 'http://127.0.0.1:1', signal: before })).rejects.toBe(reason)

  const during = new AbortController()
  const silent = await serve(() => during.abort(reason))
  await expect(testClient().request({ url: silent, signal: during.signal })).rejects.toBe(reason)

  const reading = new AbortController()
  const slow = await serve((_, response) => {
    response.write('a')
  })
  const { body } = await testClient().request({ url: slow, signal: reading.signal })
  await expect(
    (async () => {
      for await (const _ of body) reading.abort(reason)
    })(),
  ).rejects.toBe(reason)
})

const blob = Buffer.from(Array.from({ length: 100_000 }, (_, at) => at % 251))

test('a body that was cut goes on where it ended, if it is still the same', async () => {
  const ranges: (string | undefined)[] = []
  const origin = await serve((request, response) => {
    const { range } = request.headers
    ranges.push(range)
    response.setHeader('etag', '"v1"')
    const start = Number(/bytes=(\d+)-/.exec(range ?? '')?.[1] ?? 0)
    if (range === undefined) return cut(response, blob, 30_000)
    expect(request.headers['if-range']).toBe('"v1"')
    response.writeHead(206, { 'content-range': `bytes ${start}-${blob.length - 1}/${blob.length}` })
    response.end(blob.subarray(start))
  })
  const client = testClient()
  expect(await readBody(await client.request({ url: origin }), 1 << 20)).toEqual(blob)
  expect(ranges).toEqual([undefined, expect.stringMatching(/^bytes=\d+-$/)])
  expect(client.waits).toHaveLength(1)
})

test.each<[string, (response: ServerResponse, first: boolean) => void, string]>([
  [
    'content that changed',
    (response) => cut(response.setHeader('etag', '"v"'), blob, 1000),
    "was cut at byte 1000 and can't be resumed",
  ],
  ['content without an ETag', (response) => cut(response, blob, 1000), 'the connection was cut'],
  ['a weak ETag', (response) => cut(response.setHeader('etag', 'W/"v"'), blob, 1000), 'the connection was cut'],
  [
    'a range that begins elsewhere',
    (response, first) => {
      response.setHeader('etag', '"v"')
      if (first) cut(response, blob, 1000)
      else response.writeHead(206, { 'content-range': 'bytes 5-9/10' }).end('12345')
    },
    'the server gave the range "bytes 5-9/10"',
  ],
  [
    'a server that cuts every time',
    (response, first) => {
      response.setHeader('etag', '"v"')
      if (!first) response.statusCode = 206
      cut(response, blob, first ? 1000 : 0)
    },
    'the connection was cut',
  ],
])('%s is not stitched together', async (_, answer, message) => {
  let first = true
  const origin = await serve((__, response) => {
    answer(response, first)
    first = false
  })
  await expect(readBody(await testClient().request({ url: origin }), 1 << 20)).rejects.toMatchObject({
    code: 'HTTP_FAILED',
    message: expect.stringContaining(message),
  })
})

test('a body larger than its limit is not read to its end', async () => {
  const announced = await serve((_, response) => response.end(blob))
  const endless = await serve((_, response) => {
    const more = (): void => {
      while (response.write(blob)) {}
      response.once('drain', more)
    }
    more()
  })
  for (const url of [announced, endless]) {
    await expect(fewBytes(url)).rejects.toMatchObject({
      code: 'HTTP_FAILED',
      message: `GET ${url}/ failed: the answer has more than 5000 bytes`,
    })
  }
})

const fewBytes = async (url: string): Promise<Buffer> => readBody(await testClient().request({ url }), 5000)

test('an error status is shown with what the server said', async () => {
  const origin = await serve((request, response) => {
    const html = request.url === '/html'
    response.writeHead(404, { 'content-type': html ? 'text/html' : 'text/plain; charset=utf-8' })
    response.end(html ? '<h1>no</h1>' : `not\n\u001b[31mhere ${'x'.repeat(300)}`)
  })
  const client = testClient()
  const plain = await statusError(await client.request({ url: `${origin}/a?secret=1` }))
  expect(plain).toMatchObject({
    code: 'HTTP_STATUS',
    message: `GET ${origin}/a?… failed: 404 Not Found: not [31mhere ${'x'.repeat(200 - 13)}…`,
    hint: 'check the spelling',
  })
  const page = await statusError(await client.request({ url: `${origin}/html` }), { hint: 'look' })
  expect(page).toMatchObject({ message: `GET ${origin}/html failed: 404 Not Found`, hint: 'look' })
})
