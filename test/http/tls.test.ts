import { expect, test } from 'vitest'
import { readBody } from '../../lib/http/read-body.ts'
import { requires } from '../support/requires.ts'
import { certificate } from './certificate.ts'
import { serve, testClient } from './server.ts'

const withOpenssl = test.skipIf(!requires('openssl'))

withOpenssl('a certificate that nobody vouches for is refused, with the way out', async () => {
  const origin = await serve((_, response) => response.end('secret'), certificate('127.0.0.1'))
  await expect(testClient().request({ url: origin })).rejects.toMatchObject({
    code: 'HTTP_FAILED',
    message: `GET ${origin}/ failed: the certificate is not trusted (DEPTH_ZERO_SELF_SIGNED_CERT)`,
    hint: expect.stringContaining('NODE_EXTRA_CA_CERTS'),
  })
})

withOpenssl('an authority of the host is trusted beside the usual ones, for its host only', async () => {
  const own = certificate('127.0.0.1')
  const origin = await serve((_, response) => response.end('secret'), own)
  const { host } = new URL(origin)
  const client = testClient({ tls: (asked) => (asked === host ? { ca: [own.cert] } : undefined) })
  expect(String(await readBody(await client.request({ url: origin }), 100))).toBe('secret')
  const other = await serve((_, response) => response.end('secret'), own)
  await expect(client.request({ url: other })).rejects.toMatchObject({ code: 'HTTP_FAILED' })
})

withOpenssl('a certificate for another host is refused, unless any will do', async () => {
  const own = certificate('elsewhere.invalid')
  const origin = await serve((_, response) => response.end('secret'), own)
  await expect(testClient({ tls: () => ({ ca: [own.cert] }) }).request({ url: origin })).rejects.toMatchObject({
    message: `GET ${origin}/ failed: the certificate is for another host (ERR_TLS_CERT_ALTNAME_INVALID)`,
  })
  const careless = testClient({ tls: () => ({ insecure: true }) })
  expect((await careless.request({ url: origin })).status).toBe(200)
})

withOpenssl('a client certificate is shown to the server that asks for it', async () => {
  const [own, mine] = [certificate('127.0.0.1'), certificate('me')]
  const origin = await serve((_, response) => response.end('hello'), {
    ...own,
    ca: mine.cert,
    requestCert: true,
    rejectUnauthorized: true,
  })
  const client = testClient({ tls: () => ({ ca: [own.cert], ...mine }) })
  expect(String(await readBody(await client.request({ url: origin }), 100))).toBe('hello')
  await expect(
    testClient({ retries: 0, tls: () => ({ ca: [own.cert] }) }).request({ url: origin }),
  ).rejects.toMatchObject({
    code: 'HTTP_FAILED',
  })
})

withOpenssl('https: does not lead to http: unless that is allowed', async () => {
  const own = certificate('127.0.0.1')
  const plain = await serve((_, response) => response.end('plain'))
  const origin = await serve((_, response) => response.writeHead(302, { location: `${plain}/?t=1` }).end(), own)
  const client = testClient({ tls: () => ({ ca: [own.cert] }) })
  await expect(client.request({ url: origin })).rejects.toMatchObject({
    code: 'HTTP_FAILED',
    message: `${origin}/ failed: it redirects from https: to ${plain}/?…, which is not encrypted`,
  })
  expect((await client.request({ url: origin, allowDowngrade: true })).status).toBe(200)
})

withOpenssl('a server that speaks plain HTTP where TLS is wanted is told apart', async () => {
  const origin = await serve((_, response) => response.end('plain'))
  await expect(testClient({ retries: 0 }).request({ url: origin.replace('http', 'https') })).rejects.toMatchObject({
    code: 'HTTP_FAILED',
    hint: 'it may speak plain HTTP',
  })
})
