import { expect, test } from 'vitest'
import { parseChallenges } from '../../../lib/registry/credentials/challenge.ts'

test.each<[string, unknown[]]>([
  ['Basic realm="a b"', [['basic', { realm: 'a b' }]]],
  [
    'Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:a/b:pull,push"',
    [
      [
        'bearer',
        { realm: 'https://auth.docker.io/token', service: 'registry.docker.io', scope: 'repository:a/b:pull,push' },
      ],
    ],
  ],
  ['BEARER Realm=https://a/token , Service=x', [['bearer', { realm: 'https://a/token', service: 'x' }]]],
  ['Bearer realm = "a" service = "b"', [['bearer', { realm: 'a', service: 'b' }]]],
  [
    'Basic realm="x", Bearer realm="y",error="invalid_token"',
    [
      ['basic', { realm: 'x' }],
      ['bearer', { realm: 'y', error: 'invalid_token' }],
    ],
  ],
  [
    'Negotiate, Basic realm="say \\"hi\\", please"',
    [
      ['negotiate', {}],
      ['basic', { realm: 'say "hi", please' }],
    ],
  ],
  ['Bearer realm="never closed', [['bearer', { realm: 'never closed' }]]],
  ['Basic', [['basic', {}]]],
  ['Basic realm=', [['basic', { realm: '' }]]],
  ['realm="no scheme"', []],
  ['', []],
  [' ,, ;; ', []],
])('%s', (header, challenges) => {
  const parsed = parseChallenges(header)
  expect(parsed.map(({ scheme, parameters }) => [scheme, Object.fromEntries(parameters)])).toEqual(challenges)
})
