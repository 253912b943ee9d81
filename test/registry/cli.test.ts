import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, expect, onTestFinished, test, vi } from 'vitest'
import { cli } from '../cli/run-cli.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { startRegistry, type TestRegistry } from './test-registry.ts'

let registry: TestRegistry
let directory: string

beforeEach(async () => {
  registry = await startRegistry({ auth: 'bearer', user: 'u', password: 'p' })
  directory = temporaryDirectory()
  mkdirSync(join(directory, 'app'))
  writeFileSync(join(directory, 'app/file'), 'x')
  writeFileSync(join(directory, 'app/Dockerfile'), 'FROM scratch\nCOPY file /\n')
  vi.stubEnv('DOCKER_CONFIG', join(directory, 'docker'))
  vi.stubEnv('TSBUILD_HOME', join(directory, 'store'))
  onTestFinished(() => {
    vi.unstubAllEnvs()
  })
})

test('log in, build and push, pull, push elsewhere, log out', async () => {
  const { host } = registry
  const app = join(directory, 'app')
  const denied = await cli(['-t', `${host}/app:1`, '--push', app])
  expect(denied.code).toBe(1)
  expect(denied.stderr).toMatch(
    /\[REGISTRY_AUTH\]\nhint: there are no credentials for 127[\d.:]+: try "tsbuild login 127/,
  )

  expect(await cli(['login', '-u', 'u', host], { stdin: 'p\n' })).toEqual({
    code: 0,
    stdout: `logged in to ${host}\n`,
    stderr: `the password is kept in ${join(directory, 'docker/config.json')}, which is not encrypted\n`,
  })
  const metadata = join(directory, 'metadata.json')
  const built = await cli(['-t', `${host}/app:1`, '--push', '--metadata-file', metadata, app])
  expect(built).toMatchObject({
    code: 0,
    stderr: expect.stringMatching(/\n {2}pushed {4}127[\d.:]+\/app:1 \(\d+ B sent\)\n/),
  })
  expect(JSON.parse(readFileSync(metadata, 'utf8'))).toMatchObject({ 'image.name': `${host}/app:1` })

  const pulled = await cli(['pull', `${host}/app:1`])
  expect(pulled).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^127[\d.:]+\/app:1 sha256:\w{64} \(0 B fetched\)\n$/),
  })
  expect((await cli(['pull', '-q', `${host}/app:1`])).stdout).toMatch(/\(up to date\)\n$/)
  const pushed = await cli(['push', '-q', `${host}/app:1`, `${host}/other:1`, `${host}/other:2`])
  expect(pushed.stdout).toMatch(/^127[\d.:]+\/other:1 sha256:\w{64}\n127[\d.:]+\/other:2 sha256:\w{64}\n$/)
  expect(pushed.stderr).toBe('pushed: 0 blobs sent (0 B), 2 mounted\n')

  expect((await cli(['logout', host])).stdout).toBe(`logged out of ${host}\n`)
  expect((await cli(['logout', host])).stdout).toBe(`there were no credentials for ${host}\n`)
  // Anybody may pull there, but not push.
  expect((await cli(['pull', `${host}/app:1`])).code).toBe(0)
  expect((await cli(['push', `${host}/app:1`])).code).toBe(1)
})

test('--pull asks again', async () => {
  vi.stubEnv('DOCKER_AUTH_CONFIG', JSON.stringify({ auths: { [registry.host]: { username: 'u', password: 'p' } } }))
  const app = join(directory, 'app')
  const base = `${registry.host}/base`
  await cli(['-t', base, '--push', app])
  const from = ['-f', '-', '--progress=none', app]
  expect((await cli(from, { stdin: `FROM ${base}\nENV A=1\n` })).code).toBe(0)
  registry.requests.length = 0
  expect((await cli(from, { stdin: `FROM ${base}\nENV A=1\n` })).code).toBe(0)
  expect(registry.requests).toEqual([])
  expect((await cli(['--pull', ...from], { stdin: `FROM ${base}\nENV A=1\n` })).code).toBe(0)
  expect(registry.requests).toContain('HEAD /v2/base/manifests/latest')
})

test.each<[string, readonly string[], string | undefined, string]>([
  ['login without a user', ['login'], 'p', 'error: -u USER is missing [OPTION_INVALID]\n'],
  [
    'login without a password',
    ['login', '-u', 'u'],
    '',
    'error: there is no password on standard input [OPTION_INVALID]\n',
  ],
  [
    'login with the password for all to see',
    ['login', '-u', 'u', '-p', 's3cret'],
    '',
    'error: -p is not supported yet [UNSUPPORTED]\nhint: send it on standard input: other users of this machine can see command lines\n',
  ],
])('%s ends with 2', async (_, args, stdin, stderr) => {
  expect(await cli(args, stdin === undefined ? {} : { stdin })).toEqual({ code: 2, stdout: '', stderr })
})
