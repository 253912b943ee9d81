import { expect, test } from 'vitest'
import { attempt } from '../../lib/sandbox/attempt.ts'

const sh = (script: string) => attempt(['sh', '-c', script])

test('what succeeds gives its output', async () => {
  expect(await sh('echo " yes "')).toEqual({ ok: true, output: 'yes', message: '', errno: undefined })
})

test.each([
  ['echo "x: Operation not permitted" >&2; exit 1', 'x: Operation not permitted (EPERM)', 'EPERM'],
  [
    'echo first >&2; echo "last: No such file or directory" >&2; exit 1',
    'last: No such file or directory (ENOENT)',
    'ENOENT',
  ],
  ['exit 3', 'sh exited with code 3', undefined],
  ['kill -9 $$', 'sh was killed by SIGKILL', undefined],
  ['echo on output; exit 1', 'on output', undefined],
  [
    `echo 'time="2026-01-01T00:00:00Z" level=error msg="runc run failed: \\"x\\""' >&2; exit 1`,
    'runc run failed: "x"',
    undefined,
  ],
  ['echo "2026-01-01T00:00:00.123Z: it broke" >&2; exit 1', 'it broke', undefined],
  ["printf 'a\\033[31mb\\n' >&2; exit 1", 'a [31mb', undefined],
])('%s: %s', async (script, message, errno) => {
  expect(await sh(script)).toMatchObject({ ok: false, message, errno })
})

test('a program that is not there is named', async () => {
  expect(await attempt(['no-such-program'])).toMatchObject({
    ok: false,
    message: 'no-such-program: no such program in PATH (ENOENT)',
    errno: 'ENOENT',
  })
  expect(await attempt([''])).toMatchObject({ ok: false })
  expect(await attempt(['a\0b'])).toMatchObject({ ok: false })
})

test('what hangs is killed, with what it started', async () => {
  const begun = Date.now()
  const argv = ['sh', '-c', 'sleep 60 & wait']
  expect(await attempt(argv, { timeout: 100 })).toMatchObject({ ok: false, message: 'sh did not end within 0.1 s' })
  expect(Date.now() - begun).toBeLessThan(5000)
})

test('the environment of the builder stays out', async () => {
  process.env['TSBUILD_TEST_TOKEN'] = 'secret'
  expect((await attempt(['env'])).output).not.toContain('secret')
})
