import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { beforeEach, expect, test } from 'vitest'
import { findCredentials } from '../../../lib/registry/credentials/find-credentials.ts'
import { login, logout } from '../../../lib/registry/login.ts'
import { temporaryDirectory } from '../../support/temporary-directory.ts'
import { startRegistry } from '../test-registry.ts'

let home: string
let env: Record<string, string>

beforeEach(() => {
  home = temporaryDirectory()
  env = { HOME: home, PATH: `${join(home, 'bin')}:${process.env['PATH']}` }
})

function write(path: string, value: unknown): string {
  const file = join(home, path)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, typeof value === 'string' ? value : JSON.stringify(value))
  return file
}

const basic = (text: string): { auth: string } => ({ auth: Buffer.from(text).toString('base64') })
const DOCKER = '.docker/config.json'

/** A helper that keeps one file a server. */
function installHelper(name: string, script: string): void {
  const file = write(`bin/docker-credential-${name}`, `#!/bin/sh\n${script}\n`)
  chmodSync(file, 0o755)
}

const find = async (name: string): Promise<unknown> => {
  const slash = name.indexOf('/')
  const { credentials } = await findCredentials({ domain: name.slice(0, slash), path: name.slice(slash + 1) }, env)
  if (!credentials) return undefined
  return credentials.kind === 'password' ? `${credentials.username}:${credentials.password}` : credentials.token
}

test.each<[string, Record<string, unknown>, string, string | undefined]>([
  ['by host', { 'ghcr.io': basic('u:p') }, 'ghcr.io/a', 'u:p'],
  ['with a colon in the password', { 'ghcr.io': basic('u:p:q') }, 'ghcr.io/a', 'u:p:q'],
  ['with NUL bytes at the end', { 'ghcr.io': basic('u:p\0\0') }, 'ghcr.io/a', 'u:p'],
  ['by URL', { 'https://ghcr.io': basic('u:p') }, 'ghcr.io/a', 'u:p'],
  ['by URL with a version', { 'https://ghcr.io/v2/': basic('u:p') }, 'ghcr.io/a', 'u:p'],
  ['not of another host', { 'ghcr.io.evil': basic('u:p') }, 'ghcr.io/a', undefined],
  ['not of another port', { 'localhost:5000': basic('u:p') }, 'localhost:5001/a', undefined],
  ['of Docker Hub, by its old name', { 'https://index.docker.io/v1/': basic('u:p') }, 'docker.io/library/a', 'u:p'],
  ['of Docker Hub, by its name', { 'docker.io': basic('u:p') }, 'docker.io/library/a', 'u:p'],
  ['of a namespace', { 'ghcr.io': basic('u:p'), 'ghcr.io/team': basic('t:p') }, 'ghcr.io/team/app', 't:p'],
  ['of a repository', { 'ghcr.io/team': basic('t:p'), 'ghcr.io/team/app': basic('a:p') }, 'ghcr.io/team/app', 'a:p'],
  [
    'not of a name that begins alike',
    { 'ghcr.io': basic('u:p'), 'ghcr.io/tea': basic('t:p') },
    'ghcr.io/team/app',
    'u:p',
  ],
  ['an identity token', { 'ghcr.io': { ...basic('u:p'), identitytoken: 'idt' } }, 'ghcr.io/a', 'idt'],
  ['a registry token', { 'ghcr.io': { registrytoken: 'rt' } }, 'ghcr.io/a', 'rt'],
  ['in plain words', { 'ghcr.io': { username: 'u', password: 'p' } }, 'ghcr.io/a', 'u:p'],
  ['nothing where a helper would have it', { 'ghcr.io': {} }, 'ghcr.io/a', undefined],
])('credentials %s', async (_, auths, name, expected) => {
  write(DOCKER, { auths })
  expect(await find(name)).toBe(expected)
})

test('the files count in their order, and the first that has something', async () => {
  const places: [string, () => void][] = [
    ['podman', () => write('.config/containers/auth.json', { auths: { h: basic('podman:p') } })],
    [
      'runtime',
      () => {
        write('run/containers/auth.json', { auths: { h: basic('runtime:p') } })
        env['XDG_RUNTIME_DIR'] = join(home, 'run')
      },
    ],
    ['docker', () => write(DOCKER, { auths: { h: basic('docker:p') } })],
    [
      'elsewhere',
      () => {
        write('elsewhere/config.json', { auths: { h: basic('elsewhere:p') } })
        env['DOCKER_CONFIG'] = join(home, 'elsewhere')
      },
    ],
    [
      'file',
      () => {
        env['REGISTRY_AUTH_FILE'] = write('file.json', { auths: { h: basic('file:p') } })
      },
    ],
    [
      'inline',
      () => {
        env['DOCKER_AUTH_CONFIG'] = JSON.stringify({ auths: { h: basic('inline:p') } })
      },
    ],
  ]
  expect(await find('h/a')).toBeUndefined()
  for (const [user, place] of places) {
    place()
    expect(await find('h/a')).toBe(`${user}:p`)
  }
  // One that says nothing of the host is passed over.
  env['DOCKER_AUTH_CONFIG'] = '{"auths":{"other":{"auth":"dTpw"}}}'
  expect(await find('h/a')).toBe('file:p')
})

test.each<[string, unknown, string]>([
  ['no JSON', '{"auths": s3cret', ' is not JSON'],
  ['a list', '[]', ' must be an object, got an array'],
  [
    'auth that is no base64 of a pair',
    { auths: { h: { auth: 's3cret' } } },
    ': auths.h.auth is not base64 of USER:PASSWORD',
  ],
  ['a secret that is no text', { auths: { h: { password: 12345 } } }, ': auths.h.password must be a string'],
  ['a helper that is no text', { credHelpers: { h: 5 } }, ': credHelpers.h must be a string, got 5'],
])('a file with %s is refused by name, and not shown', async (_, value, message) => {
  const file = write(DOCKER, value)
  const error = await find('h/a').catch((e: unknown) => e)
  expect(error).toMatchObject({ code: 'CREDENTIALS_INVALID', message: JSON.stringify(file) + message })
  expect(String(error)).not.toMatch(/s3cret|12345/)
})

test('helpers are asked: that of the host, then that of the file, before what the file says', async () => {
  installHelper('one', 'read server; echo "{\\"Username\\":\\"one-$1\\",\\"Secret\\":\\"$server\\"}"')
  installHelper('token', 'echo \'{"Username":"<token>","Secret":"idt"}\'')
  installHelper('none', 'echo "credentials not found in native keychain"; exit 1')
  write(DOCKER, {
    auths: { a: basic('u:p'), c: basic('c:p') },
    credHelpers: { a: 'one', b: 'token', c: 'none' },
    credsStore: 'one',
  })
  expect(await find('a/x')).toBe('one-get:a')
  expect(await find('b/x')).toBe('idt')
  expect(await find('c/x')).toBe('c:p')
  expect(await find('docker.io/library/x')).toBe('one-get:https://index.docker.io/v1/')
})

test.each<[string, string | undefined, RegExp]>([
  [
    'that is not there',
    undefined,
    /^docker-credential-it \(credsStore of ".*config.json"\) failed: it is not in PATH$/,
  ],
  ['that fails', 'echo "the keychain is locked"; exit 1', /failed: the keychain is locked$/],
  ['that says nothing', 'exit 3', /failed: exit code 3$/],
  ['whose program failed', 'echo gpg: decryption failed >&2; exit 2', /failed: gpg: decryption failed$/],
  ['that talks nonsense', 'echo nonsense', /failed: its answer is not the JSON of credentials$/],
  ['that never stops talking', 'yes', /failed: its answer is too long$/],
])('a helper %s is told of, and access goes on without', async (_, script, problem) => {
  if (script !== undefined) installHelper('it', script)
  write(DOCKER, { credsStore: 'it' })
  expect(await findCredentials({ domain: 'h', path: 'a' }, env)).toEqual({
    credentials: undefined,
    problems: [expect.stringMatching(problem)],
  })
})

test('a helper is a name, not a path', async () => {
  write(DOCKER, { credsStore: '../../bin/sh' })
  const { problems } = await findCredentials({ domain: 'h', path: 'a' }, env)
  expect(problems).toEqual([expect.stringContaining('that is no name of a helper')])
})

test('login keeps what is tried in the file, for nobody else to read, and logout takes it away', async () => {
  const { host } = await startRegistry({ auth: 'bearer', user: 'u', password: 'p' })
  const file = write(DOCKER, { auths: { other: basic('o:p'), [`https://${host}`]: basic('old:p') }, psFormat: 'table' })
  await expect(login(host, { username: 'u', password: 'wrong' }, { env })).rejects.toMatchObject({
    code: 'REGISTRY_AUTH',
  })
  expect(await find(`${host}/a`)).toBe('old:p')
  expect(await login(host, { username: 'u', password: 'p' }, { env })).toEqual({
    registry: host,
    storage: file,
    plain: true,
  })
  expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({
    auths: { other: basic('o:p'), [host]: basic('u:p') },
    psFormat: 'table',
  })
  expect(statSync(file).mode & 0o777).toBe(0o600)
  expect(readdirSync(dirname(file))).toEqual(['config.json'])
  expect(await logout(host, { env })).toBe(true)
  expect(await logout(host, { env })).toBe(false)
  expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({ auths: { other: basic('o:p') }, psFormat: 'table' })
})

test('login makes the file, or writes through a symlink', async () => {
  const { host } = await startRegistry({ auth: 'basic', user: 'u', password: 'p' })
  await login(host, { username: 'u', password: 'p' }, { env })
  expect(statSync(join(home, '.docker')).mode & 0o777).toBe(0o700)
  const real = write('dotfiles/docker.json', {})
  env['DOCKER_CONFIG'] = join(home, 'linked')
  mkdirSync(env['DOCKER_CONFIG'])
  symlinkSync(real, join(home, 'linked/config.json'))
  await login(host, { username: 'u', password: 'p' }, { env })
  expect(lstatSync(join(home, 'linked/config.json')).isSymbolicLink()).toBe(true)
  expect(JSON.parse(readFileSync(real, 'utf8'))).toEqual({ auths: { [host]: basic('u:p') } })
})

test('login and logout speak to the helper where there is one', async () => {
  const { host } = await startRegistry({ auth: 'basic', user: 'u', password: 'p' })
  const heard = join(home, 'heard')
  installHelper('it', `echo "$1 $(cat)" >> ${heard}`)
  write(DOCKER, { auths: { [host]: {} }, credHelpers: { [host]: 'it' } })
  expect(await login(host, { username: 'u', password: 'p' }, { env })).toEqual({
    registry: host,
    storage: 'docker-credential-it',
    plain: false,
  })
  expect(await logout(host, { env })).toBe(true)
  const entry = JSON.stringify({ ServerURL: host, Username: 'u', Secret: 'p' })
  expect(readFileSync(heard, 'utf8')).toBe(`store ${entry}\nerase ${host}\n`)
  installHelper('it', 'echo "no keychain here"; exit 1')
  await expect(login(host, { username: 'u', password: 'p' }, { env })).rejects.toMatchObject({
    code: 'CREDENTIALS_INVALID',
    message: 'docker-credential-it failed: no keychain here',
  })
})

test.each(['', 'a b', '-x/y', 'host/path', 'http://', 'a:b'])('%j is no registry to log in to', async (registry) => {
  await expect(login(registry, { username: 'u', password: 'p' }, { env })).rejects.toMatchObject({
    code: 'OPTION_INVALID',
  })
})

test.each(['', 'a:b'])('%j is no user name', async (username) => {
  await expect(login('ghcr.io', { username, password: 'p' }, { env })).rejects.toMatchObject({ code: 'OPTION_INVALID' })
})
