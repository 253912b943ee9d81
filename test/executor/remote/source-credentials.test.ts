import { expect, test } from 'vitest'
import { gitAuthorization, httpAuthorization } from '../../../lib/executor/remote/source-credentials.ts'

const secrets = (values: Readonly<Record<string, string>>) => ({
  env: {},
  secrets: Object.fromEntries(Object.entries(values).map(([id, value]) => [id, { kind: 'value', value } as const])),
})
const basic = (token: string): string => `basic ${Buffer.from(`x-access-token:${token}`).toString('base64')}`

test.each<[remote: string, values: Record<string, string>, header: string | undefined]>([
  ['https://example.org/a.git', {}, undefined],
  ['https://example.org/a.git', { GIT_AUTH_TOKEN: 't\n' }, basic('t')],
  ['https://example.org/a.git', { GIT_AUTH_TOKEN: 't', GIT_AUTH_HEADER: 'Bearer h' }, 'Bearer h'],
  ['https://example.org/a.git', { GIT_AUTH_HEADER: 'h', 'GIT_AUTH_TOKEN.example.org': 't' }, basic('t')],
  ['https://u:p@example.org:8443/a.git', { 'GIT_AUTH_TOKEN.example.org:8443': 't' }, basic('t')],
  ['https://example.org/a.git', { 'GIT_AUTH_TOKEN.example.com': 't' }, undefined],
  ['git@example.org:a', { GIT_AUTH_TOKEN: 't' }, undefined],
])('%s with the secrets %j is asked for with %s', (remote, values, header) => {
  expect(gitAuthorization(remote, secrets(values))).toBe(header)
})

test.each<[url: string, values: Record<string, string>, header: string | undefined]>([
  ['https://example.org:8443/a', { 'HTTP_AUTH_TOKEN_example.org': 't' }, 'Bearer t'],
  ['https://example.org/a', { 'HTTP_AUTH_HEADER_example.org': 'h' }, 'h'],
  ['https://example.org/a', { 'HTTP_AUTH_HEADER_example.org': 'h', 'HTTP_AUTH_TOKEN_example.org': 't' }, 'Bearer t'],
  ['https://example.org/a', { 'HTTP_AUTH_TOKEN_example.com': 't', HTTP_AUTH_TOKEN: 't' }, undefined],
])('%s with the secrets %j is downloaded with %s', (url, values, header) => {
  expect(httpAuthorization(url, secrets(values))).toBe(header)
})
