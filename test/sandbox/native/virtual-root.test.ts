// A root without mounts: the helper answers every call that takes a name, for a user who may do nothing at all.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { nativeParts, type Outcome, type StepOptions, stepRoom } from './native-step.ts'
import { OWNERSHIP_CASES } from './ownership-cases.ts'

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

const CASES: readonly (readonly [title: string, script: string, said: readonly string[]])[] = [
  [
    'the root is a root',
    'cd /; cd ..; pwd; ls -d /../../etc; stat -c %i / /.. | sort -u | wc -l',
    ['/', '/../../etc', '1'],
  ],
  [
    'absolute links and links that lead up stay inside',
    'ln -s /etc/passwd /tmp/a; ln -s ../../../../etc/passwd /tmp/b; ln -s /tmp/b /tmp/c; wc -l </tmp/a; wc -l </tmp/b; wc -l </tmp/c; readlink /tmp/b',
    ['2', '2', '2', '../../../../etc/passwd'],
  ],
  [
    'links that go round end',
    'ln -s b /tmp/a; ln -s a /tmp/b; cat /tmp/a 2>&1 | sed "s/.*: //"',
    ['Too many levels of symbolic links'],
  ],
  [
    'a directory is what it is called, after it was moved too',
    'mkdir -p /tmp/a/b; cd /tmp/a/b; mv /tmp/a /tmp/c; /bin/busybox pwd; touch f; ls /tmp/c/b; ln -s c /tmp/a; cd /tmp/a/b; readlink /proc/self/cwd',
    ['/tmp/c/b', 'f', '/tmp/c/b'],
  ],
  [
    'a name that was a directory may become a link',
    'mkdir /tmp/d; touch /tmp/d/x; ls /tmp/d; rm -r /tmp/d; ln -s /etc /tmp/d; ls /tmp/d/passwd',
    ['x', '/tmp/d/passwd'],
  ],
  [
    'scripts are executed, by scripts too',
    'cd /tmp; printf "#!/bin/sh -e\\necho \\$0 \\$@\\n" >s; printf "#!/tmp/s arg ument\\n" >t; printf "echo plain\\n" >u; chmod +x s t u; ./s 1 2; /tmp/t 3; ./u',
    ['./s 1 2', '/tmp/s arg ument /tmp/t 3', 'plain'],
  ],
  [
    'programs that are none say so',
    'cd /tmp; : >e; printf "#!/no/such\\n" >n; printf "\\177ELFnonsense" >x; chmod +x e n x; ./e; echo $?; ./n 2>/dev/null; echo $?; chmod -x e; ./e 2>/dev/null; echo $?',
    ['0', '127', '126'],
  ],
  [
    'a process knows its program',
    'readlink /proc/self/exe; cat /proc/self/comm; sh -c "readlink /proc/$$/exe"',
    ['/bin/busybox', 'cat', '/bin/busybox'],
  ],
  [
    'chroot is a root within',
    'mkdir -p /tmp/r/bin; cp /bin/busybox /tmp/r/bin; chroot /tmp/r /bin/busybox ls /; chroot /tmp/r /bin/busybox pwd',
    ['bin', '/'],
  ],
  [
    'umask counts',
    'umask 027; touch /tmp/f; mkdir /tmp/d; (umask 0; touch /tmp/g); stat -c %a /tmp/f /tmp/d /tmp/g; umask',
    ['640', '750', '666', '0027'],
  ],
  [
    'modes refuse root nothing',
    'mkdir -m 555 /tmp/d; touch /tmp/d/f; chmod 0 /tmp/d/f; cat /tmp/d/f; echo x >/tmp/d/f; stat -c %a /tmp/d /tmp/d/f; cat /tmp/d/f; chmod 4711 /tmp/d/f; stat -c %a /tmp/d/f',
    ['555', '0', 'x', '4711'],
  ],
  [
    'a named pipe waits for its other end',
    'mkfifo /tmp/p 2>/dev/null || mknod /tmp/p p; (sleep 0.2; echo late >/tmp/p) & cat /tmp/p',
    ['late'],
  ],
  [
    'devices of memory work',
    'head -c 3 /dev/zero | wc -c; echo x >/dev/null; head -c 9 /dev/urandom | wc -c',
    ['3', '9'],
  ],
  [
    'links of descriptors are followed',
    'echo x >/tmp/f; exec 5</tmp/f; cat /proc/self/fd/5 /dev/fd/5; readlink /proc/self/fd/5',
    ['x', 'x', '/tmp/f'],
  ],
  [
    'an open file is open without its name',
    'echo x >/tmp/f; exec 5</tmp/f; rm /tmp/f; cat <&5; stat -L -c %h /proc/self/fd/5',
    ['x', '0'],
  ],
  [
    'many processes at once',
    'for i in $(seq 1 20); do (for j in 1 2 3 4 5; do echo $i.$j >/tmp/$i.$j; cat /tmp/$i.$j >/dev/null; done) & done; wait; ls /tmp | wc -l',
    ['100'],
  ],
]

test.skipIf(!parts).each(CASES)('%s', (_, script, lines) => {
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
