// A root without mounts: the helper answers every call that takes a name, for a user who may do nothing at all.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { nativeParts, type Outcome, type StepOptions, stepRoom } from './native-step.ts'
import { OWNERSHIP_CASES } from './ownership-cases.ts'
import { VIRTUAL_ROOT_CASES } from './virtual-root-cases.ts'

const parts = process.arch === 'x64' ? nativeParts() : undefined

function said({ stdout, stderr, code }: Outcome): unknown {
  return { said: stdout.split('\n').slice(0, -1), stderr, code }
}

function run(script: string | readonly string[], options: StepOptions = {}): Outcome {
  if (!parts) throw new Error('no helper')
  return stepRoom(parts).run(script, { virtualRoot: true, ...options })
}

test.skipIf(!parts).each(OWNERSHIP_CASES)('%s', (_, script, lines) => {
  expect(said(run(script))).toEqual({ said: lines, stderr: '', code: 0 })
})

test.skipIf(!parts).each(VIRTUAL_ROOT_CASES)('%s', (_, script, lines) => {
  expect(said(run(script))).toEqual({ said: lines, stderr: '', code: 0 })
})

test.skipIf(!parts)('mounts are other directories, which may be read-only', () => {
  if (!parts) return
  const room = stepRoom(parts)
  const source = join(room.scratch, 'source')
  mkdirSync(source, { mode: 0o777 })
  writeFileSync(join(source, 'f'), 'of the host\n')
  for (const name of ['mnt', 'rw']) mkdirSync(join(room.root, name))
  const mounts = [
    { kind: 'bind', source, target: '/mnt', readonly: true },
    { kind: 'bind', source, target: '/rw', readonly: false },
  ] as const
  const errors = [
    'touch /mnt/g',
    'rm /mnt/f',
    'chmod 1 /mnt/f',
    'mv /mnt/f /tmp',
    'mkdir /mnt/d',
    'sh -c "echo >/mnt/f"',
  ]
  const script = `cat /mnt/f; ${errors.map((line) => `${line} 2>&1 | sed "s/.*: //"`).join('; ')}; rmdir /mnt 2>&1 | sed "s/.*: //"; ln -s /mnt/../rw/f /tmp/l; cat /tmp/l`
  const { stdout } = room.run(script, { virtualRoot: true, command: { mounts } })
  expect(stdout.split('\n')).toEqual([
    'of the host',
    ...errors.map(() => 'Read-only file system'),
    'Device or resource busy',
    'of the host',
    '',
  ])
  expect(readFileSync(join(source, 'f'), 'utf8')).toBe('of the host\n')
  expect(readdirSync(join(room.root, 'mnt'))).toEqual([])
})

test.skipIf(!parts)('directories that the disk refuses are opened, and keep their modes in the table', () => {
  if (!parts) return
  const room = stepRoom(parts)
  mkdirSync(join(room.root, 'closed'), { mode: 0o555 })
  const { stdout, code } = room.run(
    'chmod 0 /etc/group; touch /closed/f; stat -c %a /closed /etc/group; head -n 1 /etc/group',
    {
      virtualRoot: true,
    },
  )
  expect({ code, stdout }).toEqual({ code: 0, stdout: '555\n0\nroot:x:0:\n' })
})

test.skipIf(!parts)('the exit code, the signal and what is left are as with any root', () => {
  expect(run('exit 7').code).toBe(7)
  expect(run('kill -9 $$').signal).toBe('SIGKILL')
  expect(run(['no-such-program']).code).toBe(127)
  const { code, milliseconds } = run('(setsid sleep 600 &) ; sleep 0.1; exit 3')
  expect(code).toBe(3)
  expect(milliseconds).toBeLessThan(30_000)
})

test.skipIf(!parts)('what can not be without namespaces is refused', () => {
  const wrong = (record: readonly string[]): string =>
    run('true', { spec: (usual) => Buffer.concat([usual.subarray(0, -4), Buffer.from(`${record.join('\0')}\0end\0`)]) })
      .stderr
  expect(wrong(['network', 'none'])).toMatch(/wants a namespace for a virtual root/)
  expect(wrong(['mask', '/proc/kcore'])).toMatch(/wants to mask a path of a virtual root/)
  expect(wrong(['tmpfs', '/tmp', '0', '1777'])).toMatch(/wants a tmpfs in a virtual root/)
})
