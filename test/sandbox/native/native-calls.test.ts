// System calls of native-calls.c: under the helper, without any privilege, they give what they give to real root.
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { isRoot } from '../../support/programs.ts'
import { CALLS_SAY } from './native-call-cases.ts'
import { nativeParts, stepRoom } from './native-step.ts'

const parts = nativeParts()

const WHAT = Object.keys(CALLS_SAY)

test.skipIf(!parts).each(WHAT)('%s: as the kernel does it', (what) => {
  if (!parts) return
  const { stdout, stderr, code } = stepRoom(parts).run(`cd /tmp; calls ${what}`, { virtualCapabilities: true })
  expect({ stderr, code, said: stdout.trim().split('\n') }).toEqual({ stderr: '', code: 0, said: CALLS_SAY[what] })
})

test.skipIf(!parts || !isRoot('comparing with real root')).each(WHAT)('%s: really so for root', (what) => {
  if (!parts) return
  const cwd = mkdtempSync(join(tmpdir(), 'tsbuild-real-'))
  onTestFinished(() => rmSync(cwd, { recursive: true }))
  chmodSync(cwd, 0o777)
  const { stdout } = spawnSync(parts.calls, [what], { cwd, encoding: 'utf8', timeout: 10_000 })
  expect(stdout.trim().split('\n')).toEqual(CALLS_SAY[what])
})

test.skipIf(!parts)('ways around the hooks are closed, and bad pointers are only bad pointers', () => {
  if (!parts) return
  const { stdout, code } = stepRoom(parts).run('cd /tmp; calls ways-around')
  expect(code).toBe(0)
  expect(stdout.trim().split('\n')).toEqual([
    ...['openat2: ENOSYS', 'io_uring: ENOSYS', 'O_TMPFILE: EOPNOTSUPP', 'at the end of memory: ENOENT'],
    ...['no end: ENAMETOOLONG, no memory: EFAULT', 'orphan: 66', 'next: 0'],
  ])
})

test.skipIf(!parts)('capabilities are in the table where the disk can not have them', () => {
  if (!parts) return
  const { owner } = stepRoom(parts).run('cd /tmp; calls capabilities', { virtualCapabilities: true })
  expect(owner('tmp/cap')).toMatchObject({
    uid: 0,
    gid: 0,
    capability: Uint8Array.from([1, 0, 0, 2, 0, 32, ...Array(14).fill(0)]),
  })
})

test.skipIf(!parts)('set-user programs run as their owner, scripts do not', () => {
  if (!parts) return
  const script = [
    'cp /bin/calls /bin/plain; chown 33:44 /bin/calls; chmod 6755 /bin/calls; su app -c calls; su app -c "sh -c calls"',
    'su app -c "plain no-new-privileges"',
    'chmod 2745 /bin/calls; su app -c calls',
    'chmod 755 /bin/calls; printf "#!/bin/calls\\n" >/bin/script; chown 33 /bin/script; chmod 4755 /bin/script; su app -c script',
    'chmod 6755 /bin/calls; mkdir /dev/shm/x; cp -p /bin/calls /dev/shm/calls; su app -c /dev/shm/calls 2>&1 | sed "s/.*: //"',
  ].join('; ')
  const { stdout, code } = stepRoom(parts).run(script)
  expect(code).toBe(0)
  expect(stdout.trim().split('\n')).toEqual([
    'ids: 1000 33 33, 1000 44 44',
    'ids: 1000 33 33, 1000 44 44',
    'ids: 1000 1000 1000, 1000 1000 1000',
    'ids: 1000 1000 1000, 1000 1000 1000',
    'ids: 1000 1000 1000, 1000 1000 1000',
    'Permission denied', // /dev/shm is noexec
  ])
})
