import { expect, test } from 'vitest'
import {
  parseAddHost,
  parseBytes,
  parseEntitlement,
  parseSecret,
  parseSsh,
  parseUlimit,
} from '../../lib/build/parse-run-flags.ts'

const env = { TOKEN: 'x', SSH_AUTH_SOCK: undefined }

test.each([
  ['id=a,src=/f', { id: 'a', source: { kind: 'file', path: '/f' } }],
  ['type=file,id=a,source=f', { id: 'a', source: { kind: 'file', path: 'f' } }],
  ['id=a,env=NAME', { id: 'a', source: { kind: 'env', name: 'NAME' } }],
  ['type=env,id=a,src=NAME', { id: 'a', source: { kind: 'env', name: 'NAME' } }],
  ['id=TOKEN', { id: 'TOKEN', source: { kind: 'env', name: 'TOKEN' } }],
  ['id=file', { id: 'file', source: { kind: 'file', path: 'file' } }],
  ['id=TOKEN,type=file', { id: 'TOKEN', source: { kind: 'file', path: 'TOKEN' } }],
  ['"id=a,b",src=f', { id: 'a,b', source: { kind: 'file', path: 'f' } }],
])('--secret %s', (text, expected) => {
  expect(parseSecret(text, env)).toEqual(expected)
})

test.each([
  ['db:10.0.0.5', { host: 'db', address: '10.0.0.5' }],
  ['db=10.0.0.5', { host: 'db', address: '10.0.0.5' }],
  ['db:::1', { host: 'db', address: '::1' }],
  ['db=[::1]', { host: 'db', address: '::1' }],
  ['me:host-gateway', { host: 'me', address: 'host-gateway' }],
])('--add-host %s', (text, expected) => {
  expect(parseAddHost(text)).toEqual(expected)
})

test.each([
  ['nofile=1024', { name: 'nofile', soft: 1024, hard: 1024 }],
  ['nofile=1024:2048', { name: 'nofile', soft: 1024, hard: 2048 }],
  ['core=-1', { name: 'core', soft: -1, hard: -1 }],
  ['core=0:-1', { name: 'core', soft: 0, hard: -1 }],
])('--ulimit %s', (text, expected) => {
  expect(parseUlimit(text)).toEqual(expected)
})

test('sizes and rights', () => {
  expect(parseBytes('shm-size', '128m')).toBe(128 * 1024 * 1024)
  expect(parseEntitlement('security.insecure')).toBe('security.insecure')
})

test.each<[string, () => unknown, RegExp]>([
  ['a secret without an id', () => parseSecret('src=f', env), /the id is missing/],
  ['a secret with a typo', () => parseSecret('id=a,scr=f', env), /unexpected key "scr"/],
  ['a secret from a variable that is not set', () => parseSecret('id=a,type=env', env), /the variable a is not set/],
  ['a secret of an odd type', () => parseSecret('id=a,type=raw', env), /file or env/],
  ['a bare word', () => parseSecret('a', env), /key=value/],
  ['an open quote', () => parseSecret('"id=a', env), /not closed/],
  ['no agent', () => parseSsh('default', env), /\$SSH_AUTH_SOCK is not set/],
  ['an agent that is a file', () => parseSsh(`k=${import.meta.filename}`, env), /is not a socket/],
  ['no ssh id', () => parseSsh('=x', env), /the id is missing/],
  ['no address', () => parseAddHost('db'), /HOST:ADDRESS/],
  ['a bad address', () => parseAddHost('db:1.2.3'), /HOST:ADDRESS/],
  ['a limit that is none', () => parseUlimit('nofiles=1'), /no limit named nofiles/],
  ['soft above hard', () => parseUlimit('nofile=2:1'), /soft limit is above/],
  ['no number', () => parseUlimit('nofile=x'), /NAME=SOFT/],
  ['a size without digits', () => parseBytes('shm-size', 'big'), /expected a size/],
  ['an unknown right', () => parseEntitlement('all'), /network.host or security.insecure/],
])('%s is refused', (_name, action, message) => {
  expect(action).toThrow(expect.objectContaining({ code: 'OPTION_INVALID', message: expect.stringMatching(message) }))
})
