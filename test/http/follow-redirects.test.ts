import { expect, test } from 'vitest'
import { readBody } from '../../lib/http/read-body.ts'
import { serve, testClient } from './server.ts'

/** Says what credentials arrived. */
async function confessor(): Promise<string> {
  return serve((request, response) => {
    const { authorization, cookie, x } = request.headers
    response.end(JSON.stringify({ method: request.method, authorization, cookie, x }))
  })
}

const redirectTo = (location: string, status = 307): Promise<string> =>
  serve((request, response) => {
    if (request.url === '/there') response.end(request.headers.authorization ?? 'none')
    else response.writeHead(status, { location }).end()
  })

const headers = { Authorization: 'Basic abc', Cookie: 'a=b', X: 'y' }

test('credentials are not sent to another origin', async () => {
  const origin = await redirectTo(`${(await confessor()).replace('//', '//user:pass@')}/`)
  const response = await testClient().request({ url: origin, headers })
  expect(JSON.parse(String(await readBody(response, 1000)))).toEqual({ method: 'GET', x: 'y' })
  expect(response.url).not.toContain('user')
})

test('credentials come along within the origin, those of the URL too', async () => {
  const origin = await redirectTo('/there')
  const response = await testClient().request({ url: origin, headers })
  expect(String(await readBody(response, 1000))).toBe('Basic abc')
  expect(response.url).toBe(`${origin}/there`)
  const named = await testClient().request({ url: origin.replace('//', '//me:p%40ss@') })
  const basic = Buffer.from(String(await readBody(named, 1000)).slice(6), 'base64')
  expect(basic.toString()).toBe('me:p@ss')
})

test.each([
  [301, 'GET', 'GET'],
  [302, 'HEAD', ''],
  [303, 'GET', 'GET'],
  [308, 'POST', 'POST'],
  [307, 'PUT', 'PUT'],
] as const)('a %i after %s is followed', async (status, method, seen) => {
  const target = await serve(
    (request, response) => void request.pipe(response.setHeader('x-method', request.method ?? '')),
  )
  const origin = await redirectTo(target, status)
  const body = method === 'POST' || method === 'PUT' ? 'body' : undefined
  const response = await testClient().request({ url: origin, method, body })
  expect(response.status).toBe(200)
  expect(response.headers.get('x-method')).toBe(seen || 'HEAD')
  expect(String(await readBody(response, 1000))).toBe(body ?? '')
})

test('a 302 after POST is the answer, and so is any redirect where none are wanted', async () => {
  const origin = await redirectTo('/there', 302)
  expect((await testClient().request({ url: origin, method: 'POST', body: 'x' })).status).toBe(302)
  const response = await testClient().request({ url: origin, redirects: 0 })
  expect([response.status, response.headers.get('location')]).toEqual([302, '/there'])
})

test.each([
  ['in a circle', '/', 'there are more than 10 redirects'],
  ['to another scheme', 'file:///etc/passwd', 'it redirects to something that is no http: or https: URL'],
  ['nowhere', 'http://[', 'it redirects to something that is no http: or https: URL'],
])('a redirect %s is an error', async (_, location, message) => {
  const origin = await redirectTo(location)
  await expect(testClient().request({ url: origin })).rejects.toMatchObject({
    code: 'HTTP_FAILED',
    message: `${origin}/ failed: ${message}`,
  })
})
