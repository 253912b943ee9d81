import { createServer } from 'node:http'
import { connect } from 'node:net'
import { expect, test } from 'vitest'
import { proxyFor } from '../../lib/http/proxy.ts'
import { readBody } from '../../lib/http/read-body.ts'
import { requires } from '../support/requires.ts'
import { certificate } from './certificate.ts'
import { listen, serve, testClient } from './server.ts'

const both = { HTTP_PROXY: 'http://plain:1', HTTPS_PROXY: 'http://secure:2' }

test.each<[string, Record<string, string>, string | undefined]>([
  ['http://a/', both, 'http://plain:1'],
  ['https://a/', both, 'http://secure:2'],
  ['https://a/', { https_proxy: 'lower:3' }, 'http://lower:3'],
  ['https://a/', { HTTPS_PROXY: '', https_proxy: 'lower:3' }, 'http://lower:3'],
  ['https://a/', { HTTP_PROXY: 'http://plain:1' }, undefined],
  ['http://localhost:5000/', both, undefined],
  ['http://127.0.0.9/', both, undefined],
  ['http://[::1]:80/', both, undefined],
  ['http://a.b/', { ...both, NO_PROXY: '*' }, undefined],
  ['http://a.b/', { ...both, NO_PROXY: 'x, a.b' }, undefined],
  ['http://c.a.b/', { ...both, no_proxy: 'A.B' }, undefined],
  ['http://ca.b/', { ...both, NO_PROXY: 'a.b' }, 'http://plain:1'],
  ['http://a.b/', { ...both, NO_PROXY: '.a.b' }, 'http://plain:1'],
  ['http://c.a.b/', { ...both, NO_PROXY: '*.a.b' }, undefined],
  ['http://a.b:81/', { ...both, NO_PROXY: 'a.b:80' }, 'http://plain:1'],
  ['https://a.b/', { ...both, NO_PROXY: 'a.b:443' }, undefined],
  ['http://10.1.2.3/', { ...both, NO_PROXY: '10.0.0.0/8' }, undefined],
  ['http://11.1.2.3/', { ...both, NO_PROXY: '10.0.0.0/8,nonsense/x,1.2.3.4/99' }, 'http://plain:1'],
  ['http://[fd00::1]/', { ...both, NO_PROXY: 'fd00::/8' }, undefined],
  ['http://[fd00::1]:8/', { ...both, NO_PROXY: '[fd00::1]:8' }, undefined],
])('%s with %j goes by %s', (url, env, proxy) => {
  expect(proxyFor(new URL(url), env)?.origin).toBe(proxy)
})

test.each(['socks5://user:s3cret@h:1', 'http://['])('the proxy %s is refused, and not shown', (value) => {
  const refuse = (): unknown => proxyFor(new URL('http://a'), { HTTP_PROXY: value })
  expect(refuse).toThrow(
    expect.objectContaining({ code: 'OPTION_INVALID', message: 'HTTP_PROXY is not the URL of an HTTP proxy' }),
  )
})

test('plain HTTP goes through a proxy as a whole URL, with the proxy told who asks', async () => {
  const seen: unknown[] = []
  const proxy = await serve((request, response) => {
    seen.push([request.url, request.headers.host, request.headers['proxy-authorization']])
    response.end('by proxy')
  })
  const client = testClient({ env: { http_proxy: proxy.replace('//', '//u:p@') } })
  const response = await client.request({ url: 'http://far.invalid/x?y' })
  expect(String(await readBody(response, 100))).toBe('by proxy')
  expect(seen).toEqual([['http://far.invalid/x?y', 'far.invalid', `Basic ${Buffer.from('u:p').toString('base64')}`]])
})

test.skipIf(!requires('openssl'))('HTTPS goes through a tunnel, end to end', async () => {
  const { cert, key } = certificate('far.invalid')
  const origin = await serve((request, response) => response.end(`for ${request.headers.host}`), { cert, key })
  const seen: unknown[] = []
  const server = createServer()
  server.on('connect', (request, socket) => {
    seen.push([request.url, request.headers['proxy-authorization']])
    const to = connect(Number(new URL(origin).port), '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n')
      to.pipe(socket).pipe(to)
    })
    socket.on('error', () => to.destroy())
  })
  const proxy = await listen(server)
  const client = testClient({ env: { HTTPS_PROXY: proxy.replace('//', '//u:p@') }, tls: () => ({ ca: [cert] }) })
  const response = await client.request({ url: 'https://far.invalid/' })
  expect(String(await readBody(response, 100))).toBe('for far.invalid')
  expect(seen).toEqual([['far.invalid:443', `Basic ${Buffer.from('u:p').toString('base64')}`]])
})
