// The server that a registry sends its clients to for tokens: gives those of its users what they ask for, and
// everybody else what is public.
import { createPrivateKey, sign, X509Certificate } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'
import { certificate } from '../http/certificate.ts'

interface TokenServer {
  readonly realm: string
  /** The certificate whose key signs the tokens, as PEM. */
  readonly certificate: string
  /** Scopes as they were asked for, request by request. */
  readonly asked: readonly (readonly string[])[]
}

export const ISSUER = 'test-issuer'
export const SERVICE = 'test-service'

/** `users` have their passwords as values. Runs until the test ends. */
export async function startTokenServer(users: Readonly<Record<string, string>>): Promise<TokenServer> {
  const { cert, key } = certificate('127.0.0.1')
  const header = { typ: 'JWT', alg: 'ES256', x5c: [new X509Certificate(cert).raw.toString('base64')] }
  const asked: string[][] = []
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '', 'http://token')
    const scopes = url.searchParams.getAll('scope').flatMap((scope) => scope.split(' '))
    asked.push(scopes)
    const [user = '', password] = credentials(request.headers.authorization)
    if (user !== '' && users[user] !== password) {
      response.writeHead(401).end()
      return
    }
    const access = scopes.map((scope) => granted(scope, user !== ''))
    const now = Math.floor(Date.now() / 1000)
    const claims = { iss: ISSUER, sub: user, aud: SERVICE, exp: now + 300, nbf: now - 5, iat: now, jti: '1', access }
    const text = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')
    const signature = sign('sha256', Buffer.from(text), { key: createPrivateKey(key), dsaEncoding: 'ieee-p1363' })
    const token = `${text}.${signature.toString('base64url')}`
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify({ token, expires_in: 300 }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return { realm: `http://127.0.0.1:${port}/token`, certificate: cert, asked }
}

function credentials(authorization = ''): string[] {
  const [kind, value = ''] = authorization.split(' ')
  return kind === 'Basic' ? Buffer.from(value, 'base64').toString().split(':') : []
}

function granted(scope: string, isUser: boolean): { type: string; name: string; actions: string[] } {
  const [type = '', name = '', actions = ''] = scope.split(':')
  const allowed = actions.split(',').filter((action) => isUser || (action === 'pull' && name.startsWith('public/')))
  return { type, name, actions: allowed }
}
