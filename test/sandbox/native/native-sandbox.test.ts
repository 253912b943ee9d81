// The native helper: the isolation that it gives, how it ends, and what it refuses.
import { spawn } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { nativeSpec } from '../../../lib/sandbox/native/native-spec.ts'
import type { SandboxCommand, SandboxMount } from '../../../lib/sandbox/types.ts'
import {
  giveToPlainUser,
  namespaces,
  nativeParts,
  type Outcome,
  type StepRoom,
  stepCommand,
  stepRoom,
} from './native-step.ts'

const parts = nativeParts()

const PROCESSES = ['-p', '-f', '--kill-child', '--mount-proc']

const lines = ({ stdout }: Outcome): readonly string[] => stdout.split('\n').slice(0, -1)

for (const owners of [false, true]) {
  const kind = owners ? 'virtual owners' : 'real owners'
  const run = (room: StepRoom, script: string | readonly string[], command: Partial<SandboxCommand> = {}): Outcome =>
    room.run(script, { owners, command })

  test.skipIf(!parts)(`${kind}: nothing of the host is in reach`, () => {
    if (!parts) return
    const room = stepRoom(parts)
    writeFileSync(join(room.root, '../secret'), 'secret')
    giveToPlainUser(join(room.root, '..'))
    const said = run(
      room,
      'ls /; cat /../secret; cd ..; cat ../secret; ls /proc/1/cwd/../ | head -1; cat /proc/1/root/../secret; grep -c /secret /proc/mounts; wc -l </proc/1/mountinfo',
    )
    expect(said.stdout).not.toContain('secret')
    expect(lines(said).slice(0, 7)).toEqual(['bin', 'dev', 'etc', 'home', 'proc', 'sys', 'tmp'])
    // The root and what was mounted in it: nothing of the old root.
    expect(said.stderr).toContain("can't open '/../secret'")
  })

  test.skipIf(!parts)(`${kind}: of the host's processes none is seen, the command is the first`, () => {
    if (!parts) return
    const said = run(stepRoom(parts), 'echo $$; ls -d /proc/[0-9]*; kill -9 -1; echo alive')
    expect(lines(said)[0]).toBe('1')
    expect(lines(said)).toContain('alive')
    expect(said.stdout.match(/\/proc\/\d+/g)?.length).toBeLessThan(4)
  })

  test.skipIf(!parts)(
    `${kind}: the command has three descriptors, no environment but its own, and a clean state`,
    () => {
      if (!parts) return
      const room = stepRoom(parts)
      const environment = { SECRET: 'x', TSBUILD_TOKEN: 'y' }
      // 3 is the directory that is listed.
      expect(lines(room.run(['ls', '/proc/self/fd'], { owners, environment }))).toEqual(['0', '1', '2', '3'])
      expect(lines(room.run(['env'], { owners, environment }))).toEqual(['PATH=/bin', 'HOME=/root'])
      const wanted = '^(SigBlk|SigIgn|NoNewPrivs|Umask)'
      expect(lines(room.run(['grep', '-E', wanted, '/proc/self/status'], { owners, environment }))).toEqual([
        ...['Umask:\t0022', 'SigBlk:\t0000000000000000', 'SigIgn:\t0000000000000000', 'NoNewPrivs:\t0'],
      ])
    },
  )

  test.skipIf(!parts)(`${kind}: it has Docker's capabilities and can't get more`, () => {
    if (!parts) return
    const said = run(
      stepRoom(parts),
      'grep Cap /proc/self/status; mount -t tmpfs x /tmp; hostname y; chroot / /bin/true && echo chroot',
    )
    expect(lines(said)).toEqual([
      ...['CapInh:\t0000000000000000', 'CapPrm:\t00000000a80425fb', 'CapEff:\t00000000a80425fb'],
      ...['CapBnd:\t00000000a80425fb', 'CapAmb:\t0000000000000000', 'chroot'],
    ])
    expect(said.stderr).toMatch(/mount: permission denied.*\nhostname: sethostname: Operation not permitted/)
  })

  test.skipIf(!parts)(`${kind}: paths are masked and read-only, but not for an insecure command`, () => {
    if (!parts) return
    const room = stepRoom(parts)
    const script =
      'cat /proc/keys /proc/timer_list | wc -c; ls /proc/acpi /sys/firmware 2>&1 | grep -v : ; echo x >/proc/sys/kernel/hostname; echo x >/sys/x; touch /proc/sys/x'
    const said = run(room, script)
    expect(said.stdout.trim()).toMatch(/^0\s*$/)
    expect(
      said.stderr.match(/Read-only file system|nonexistent|Permission denied|No such file/g)?.length,
    ).toBeGreaterThanOrEqual(3)
    expect(run(room, 'grep -c . /proc/timer_list; grep CapEff /proc/self/status', { insecure: true }).stdout).toMatch(
      /CapEff:\s*000001ff/,
    )
  })

  test.skipIf(!parts)(`${kind}: the exit code and the signal are the command's`, () => {
    if (!parts) return
    const room = stepRoom(parts)
    expect(run(room, 'exit 0').code).toBe(0)
    expect(run(room, 'exit 42').code).toBe(42)
    // Nothing but a crash kills process 1 from within.
    expect(run(room, ['sh', '-c', 'sh -c "kill -SEGV \\$\\$"; echo $?'])).toMatchObject({ code: 0, stdout: '139\n' })
    expect(run(room, ['/bin/nothing'])).toMatchObject({
      code: 127,
      stderr: 'tsbuild-sandbox: execute /bin/nothing: No such file or directory\n',
    })
    expect(run(room, ['nothing'])).toMatchObject({ code: 127 })
    expect(run(room, ['/etc/passwd'])).toMatchObject({
      code: 126,
      stderr: 'tsbuild-sandbox: execute /etc/passwd: Permission denied\n',
    })
    expect(run(room, [''])).toMatchObject({ code: 127 })
    expect(run(room, ['true'], { env: ['PATH=/nowhere:/bin'] })).toMatchObject({ code: 0, stderr: '' })
  })

  test.skipIf(!parts)(`${kind}: mounts are what was asked for`, () => {
    if (!parts) return
    const room = stepRoom(parts)
    const host = join(room.root, '../host')
    for (const path of [host, join(room.root, 'ro'), join(room.root, 'rw'), join(room.root, 'tmpfs')]) mkdirSync(path)
    writeFileSync(join(host, 'file'), 'from the host')
    writeFileSync(join(room.root, 'etc/resolv.conf'), '')
    giveToPlainUser(join(room.root, '..'))
    const mounts: readonly SandboxMount[] = [
      { kind: 'bind', source: host, target: '/ro', readonly: true },
      { kind: 'bind', source: host, target: '/rw', readonly: false },
      { kind: 'bind', source: join(host, 'file'), target: '/etc/resolv.conf', readonly: true },
      { kind: 'tmpfs', target: '/tmpfs', size: 1 << 20, mode: 0o700 },
    ]
    const script =
      'cat /etc/resolv.conf; echo; touch /ro/x; echo y >/etc/resolv.conf; touch /rw/made; ls /ro; stat -c %a /tmpfs /dev/shm; df -k /tmpfs /dev/shm | sed 1d | tr -s " " | cut -d" " -f2; hostname; mount -o remount,rw,bind /ro; touch /tmpfs/x'
    const said = run(room, script, { mounts, cwd: '/etc' })
    expect(lines(said)).toEqual(['from the host', 'file', 'made', '700', '1777', '1024', '1024', 'step'])
    expect(said.stderr.match(/Read-only file system/g)).toHaveLength(2)
    expect(existsSync(join(host, 'made'))).toBe(true)
    // Nothing is left in the root.
    expect(readdirSync(join(room.root, 'tmpfs'))).toEqual([])
    expect(readdirSync(join(room.root, 'dev'))).toEqual([])
    expect(readFileSync(join(room.root, 'etc/resolv.conf'), 'utf8')).toBe('')
  })

  test.skipIf(!parts)(`${kind}: a network of its own has nothing but the loopback interface, which is up`, () => {
    if (!parts) return
    const said = run(stepRoom(parts), 'ip -o link | cut -d" " -f2,3; ls -d /sys/class/net/*', { network: 'none' })
    expect(lines(said).filter((line) => line.startsWith('lo:'))).toEqual(['lo: <LOOPBACK,UP,LOWER_UP>'])
    expect(said.stdout).not.toMatch(/UP.*eth|eth\d.*UP/)
  })

  test.skipIf(!parts)(`${kind}: limits hold`, () => {
    if (!parts) return
    const resourceLimits = [
      { name: 'nofile', soft: 77, hard: 88 },
      { name: 'core', soft: 0, hard: -1 },
    ]
    expect(
      lines(
        run(stepRoom(parts), 'ulimit -n; ulimit -H -n; ulimit -c', { resourceLimits: resourceLimits.slice(0, 1) }),
      ).slice(0, 2),
    ).toEqual(['77', '88'])
    const unknown = run(stepRoom(parts), 'true', { resourceLimits: [{ name: 'nonsense', soft: 1, hard: 1 }] })
    expect(unknown).toMatchObject({ code: 125, stderr: 'tsbuild-sandbox: spec: unknown limit: nonsense\n' })
  })

  test.skipIf(!parts)(`${kind}: a mount point that leads out of the root is refused`, () => {
    if (!parts) return
    const room = stepRoom(parts)
    const victim = join(room.root, '../victim')
    mkdirSync(victim)
    symlinkSync(victim, join(room.root, 'away'))
    symlinkSync('../../../../../..', join(room.root, 'up'))
    giveToPlainUser(join(room.root, '..'))
    for (const target of ['/away', '/up/tmp', '/not/there']) {
      const said = run(room, 'true', { mounts: [{ kind: 'tmpfs', target, size: undefined, mode: 0o755 }] })
      expect(said).toMatchObject({ code: 125, stdout: '' })
      expect(said.stderr).toMatch(/^tsbuild-sandbox: find mount point .*: .*\n$/)
    }
    for (const name of ['proc', 'dev', 'sys']) {
      rmSync(join(room.root, name), { recursive: true })
      symlinkSync(victim, join(room.root, name))
      const said = run(room, 'true')
      expect(said.code).toBe(125)
      expect(said.stderr).toMatch(new RegExp(`^tsbuild-sandbox: find mount point /${name}: .*\n$`))
      rmSync(join(room.root, name))
      mkdirSync(join(room.root, name))
    }
    expect(readdirSync(victim)).toEqual([])
  })

  test.skipIf(!parts)(`${kind}: killing the launcher leaves nothing running`, async () => {
    if (!parts) return
    const room = stepRoom(parts)
    for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
      const name = `sleep-${process.pid}-${owners}-${signal}`
      const script = `cp /bin/busybox /bin/${name}; ln -sf /bin/${name} /tmp/sleep; setsid /tmp/sleep 1000 & (setsid /tmp/sleep 1001 &) ; exec /tmp/sleep 1002`
      const command = stepCommand(room.root, room.scratch, ['sh', '-c', script])
      const settings = { namespaces, capabilities: 2n ** 41n - 1n, arch: process.arch, filter: undefined }
      const tables = {
        input: undefined,
        output: join(room.scratch, 'after'),
        virtualCapabilities: false,
        hardLinks: false,
      }
      const file = join(room.scratch, 'spec')
      rmSync(file, { force: true })
      writeFileSync(file, nativeSpec(command, owners ? tables : undefined, settings), { mode: 0o644 })
      const [launcher = '', ...argv] = namespaces.launcher.filter((word) => !PROCESSES.includes(word))
      const spec = openSync(file, 'r')
      const child = spawn(launcher, [...argv, room.helper, 'run'], {
        stdio: ['ignore', 'ignore', 'ignore', spec],
        detached: true,
      })
      await until(() => running(name).length === 3)
      const ended = new Promise((resolve) => child.on('exit', (code, killed) => resolve(code ?? killed)))
      process.kill(child.pid ?? 0, signal)
      expect(await ended).toBe(signal)
      // After SIGTERM at once, after SIGKILL as soon as the kernel is done.
      if (signal === 'SIGTERM') expect(running(name)).toEqual([])
      await until(() => running(name).length === 0)
    }
  })
}

test.skipIf(!parts)("where no new /proc is allowed the worker's is seen, but its processes are out of reach", () => {
  if (!parts) return
  const bound = { ...namespaces, processes: false }
  const script =
    'touch f; chown 3:4 f; stat -c %u:%g f /proc/self/fd/0 .; readlink /proc/self/exe; ls -d /proc/self/fd/0; chown 5 /dev/stdout; kill -9 -1; echo alive; su app -c "touch /tmp/x"; stat -c %u /tmp/x'
  const said = stepRoom(parts).run(script, { namespaces: bound })
  expect(lines(said)).toEqual(['3:4', '0:0', '0:0', '/bin/busybox', '/proc/self/fd/0', 'alive', '1000'])
  const kept = stepRoom(parts).run(
    'ls /proc/*/environ | wc -l; for f in /proc/[0-9]*; do cat $f/environ; done 2>/dev/null',
    {
      namespaces: bound,
      owners: false,
      environment: { SECRET: 'secret' },
    },
  )
  expect(kept.stdout).not.toContain('secret')
})

test.skipIf(!parts)('the helper itself can not be led out of the root', () => {
  if (!parts) return
  for (const processes of [true, false]) {
    const room = stepRoom(parts)
    const home = join(room.root, '..')
    // A process in the same namespaces, outside of the step, whose root is the host's.
    const victim = ['sh', '-c', `cp ${parts.busybox} ${home}/sleep; ${home}/sleep 8 >/dev/null 2>&1 & exec "$@"`, 'sh']
    const launcher = [...namespaces.launcher.filter((word) => processes || !PROCESSES.includes(word)), ...victim]
    // As another user, so that it is the helper who makes the files, and not the kernel.
    const script = [
      `v=$(grep -lx sleep /proc/[0-9]*/comm | cut -d/ -f3); v=\${v:-2}; for i in $v self; do ln -s /proc/$i/root /tmp/root-$i; done`,
      'ln -s /proc /tmp/proc',
      'for p in /proc/self/.. /proc/self/task/../.. /proc/thread-self/../../.. /dev/fd/../.. /proc /tmp/proc; do for i in $v self; do echo $p/$i/root; done; done >/tmp/names',
      'echo /tmp/root-$v >>/tmp/names; echo /tmp/root-self >>/tmp/names; chmod 777 /tmp',
      `while read n; do su app -c "mkdir $n${home}/escaped; ln -s x $n${home}/escaped.link; echo x >$n${home}/escaped.file; mkdir $n/tmp/tried"; done </tmp/names`,
      `cd /proc; su app -c "mkdir $v/root${home}/escaped; mkdir self/root/tmp/tried"`,
    ]
    const said = room.run(`(${script.join('; ')}) 2>/dev/null; echo end`, {
      namespaces: { ...namespaces, processes, launcher },
    })
    expect(said).toMatchObject({ code: 0, stdout: 'end\n' })
    expect(readdirSync(home).filter((name) => name.startsWith('escaped'))).toEqual([])
    expect(readdirSync(join(room.root, 'tmp'))).toContain('tried')
  }
})

test.skipIf(!parts)('mount points below /dev are made', () => {
  if (!parts) return
  const room = stepRoom(parts)
  const file = join(room.root, '../file')
  writeFileSync(file, 'content')
  giveToPlainUser(join(room.root, '..'))
  const mounts: readonly SandboxMount[] = [
    { kind: 'bind', source: file, target: '/dev/a/b/file', readonly: true },
    { kind: 'tmpfs', target: '/dev/a/t', size: undefined, mode: 0o711 },
    { kind: 'bind', source: file, target: '/dev/null', readonly: true },
  ]
  const said = room.run('cat /dev/a/b/file /dev/null; echo; stat -c "%F %a" /dev/a /dev/a/t', { command: { mounts } })
  expect(lines(said)).toEqual(['contentcontent', 'directory 755', 'directory 711'])
  for (const target of ['/dev/a/../../x', '/dev/stdin/x', '/dev/fd/x', '/dev/null/x']) {
    const refused = room.run('true', { command: { mounts: [{ kind: 'bind', source: file, target, readonly: true }] } })
    expect(refused.code).toBe(125)
  }
  expect(readdirSync(room.root)).not.toContain('x')
})

test.skipIf(!parts)("a step writes to the machine's devices, and can't change their modes", () => {
  if (!parts) return
  const said = stepRoom(parts).run('chmod 666 /dev/null /dev/tty; echo x >/dev/null && head -c 4 /dev/zero | wc -c')
  expect(said.stdout).toBe('4\n')
  expect(said.stderr).toMatch(/Read-only file system|not permitted/)
})

test.skipIf(!parts)('mount points in a tmpfs are made', () => {
  if (!parts) return
  const room = stepRoom(parts)
  const file = join(room.root, '../file')
  writeFileSync(file, 'content')
  giveToPlainUser(join(room.root, '..'))
  const mounts: readonly SandboxMount[] = [
    { kind: 'tmpfs', target: '/tmp', size: undefined, mode: 0o755 },
    { kind: 'bind', source: file, target: '/tmp/a/file', readonly: true },
    { kind: 'tmpfs', target: '/tmp/a/t', size: undefined, mode: 0o711 },
  ]
  const said = room.run('cat /tmp/a/file; echo; stat -c "%F %a" /tmp/a /tmp/a/t', { command: { mounts } })
  expect(lines(said)).toEqual(['content', 'directory 755', 'directory 711'])
  expect(readdirSync(join(room.root, 'tmp'))).toEqual([])
})

test.skipIf(!parts)('without virtual owners another user gets the one id that there is', () => {
  if (!parts) return
  const said = stepRoom(parts).run('id -u; id -g; grep CapEff /proc/self/status; stat -c %u /bin', {
    owners: false,
    command: { user: { uid: 1000, gid: 1000, groups: [] } },
  })
  expect(lines(said)).toEqual(['1000', '1000', 'CapEff:\t0000000000000000', '1000'])
})

test.skipIf(!parts)('a seccomp program holds, beside virtual owners too', () => {
  if (!parts) return
  // Load the call's number; if it is mkdir's: EPERM; else go on.
  const mkdir = process.arch === 'arm64' ? 34 : 83
  const filter = program([0x20, 0, 0, 0], [0x15, 0, 1, mkdir], [0x06, 0, 0, 0x0005_0001], [0x06, 0, 0, 0x7fff_0000])
  const room = stepRoom(parts)
  for (const owners of [false, true]) {
    const said = room.run('grep Seccomp_filters /proc/self/status; mkdir x', { filter, owners })
    expect(said).toMatchObject({ code: 1, stdout: `Seccomp_filters:\t${owners ? 2 : 1}\n` })
    expect(said.stderr).toContain('Operation not permitted')
    expect(room.run('mkdir y; rmdir y', { filter, owners, command: { insecure: true } }).code).toBe(0)
  }
})

function program(...instructions: readonly (readonly [number, number, number, number])[]): Uint8Array {
  const bytes = Buffer.alloc(8 * instructions.length)
  for (const [i, [code, yes, no, k]] of instructions.entries()) {
    bytes.writeUInt16LE(code, 8 * i)
    bytes.set([yes, no], 8 * i + 2)
    bytes.writeUInt32LE(k, 8 * i + 4)
  }
  return bytes
}

const BROKEN: readonly (readonly [title: string, spec: (usual: Buffer) => Buffer, says: string])[] = [
  ['nothing', () => Buffer.alloc(0), 'spec: does not end with NUL'],
  ['no NUL at the end', (usual) => usual.subarray(0, -1), 'spec: does not end with NUL'],
  ['another version', () => Buffer.from('tsbuild-sandbox 2\0end\0'), "spec: is not of the version 'tsbuild-sandbox 1'"],
  ['no end', (usual) => usual.subarray(0, usual.indexOf('\0end\0') + 1), 'spec: ends within a record'],
  ['a cut record', () => Buffer.from('tsbuild-sandbox 1\0bind\0/x\0'), 'spec: ends within a record'],
  ['something after the end', (usual) => Buffer.concat([usual, Buffer.from('x\0')]), 'spec: goes on after its end'],
  ['an unknown record', () => Buffer.from('tsbuild-sandbox 1\0\u001b[31mx\0end\0'), 'spec: unknown record: ?[31mx'],
  ['no root', () => Buffer.from('tsbuild-sandbox 1\0arg\0sh\0end\0'), 'spec: has no root'],
  ['no command', () => Buffer.from('tsbuild-sandbox 1\0root\0/\0end\0'), 'spec: has no command'],
  ['a relative root', () => Buffer.from('tsbuild-sandbox 1\0root\0x\0end\0'), 'spec: not an absolute path: x'],
  ['a negative size', () => Buffer.from('tsbuild-sandbox 1\0shm\0-1\0end\0'), 'spec: not a number in range: -1'],
  [
    'a filter that is none',
    () => Buffer.from('tsbuild-sandbox 1\0filter\0abcd\0end\0'),
    'spec: the filter has a wrong length',
  ],
  [
    'a filter of other digits',
    () => Buffer.from('tsbuild-sandbox 1\0filter\0zz00000000000000\0end\0'),
    'spec: the filter is not in hexadecimal digits',
  ],
  [
    'too many groups',
    () => Buffer.from(`tsbuild-sandbox 1\0user\x001\x001\0${Array(1025).fill(1).join(',')}\0end\0`),
    'spec: too many groups',
  ],
  [
    'a mount point that leads up',
    () => Buffer.from('tsbuild-sandbox 1\0tmpfs\0/dev/a/..\x000\x00755\0end\0'),
    'spec: not a resolved path: /dev/a/..',
  ],
  [
    'too much',
    () => Buffer.concat([Buffer.alloc((16 << 20) + 1, 'x'), Buffer.alloc(1)]),
    'spec: is longer than 16 MiB',
  ],
]

test.skipIf(!parts).each(BROKEN)('a spec with %s is refused', (_, spec, says) => {
  if (!parts) return
  expect(stepRoom(parts).run('true', { spec })).toMatchObject({
    code: 125,
    stdout: '',
    stderr: `tsbuild-sandbox: ${says}\n`,
  })
})

test.skipIf(!parts)('a table that is none is refused', () => {
  if (!parts) return
  const room = stepRoom(parts)
  const header = Buffer.from('TSBOWN01\0\0\0\0\0\0\0\0')
  const tables = [
    [Buffer.from('x'), 'the file ends too early'],
    [Buffer.alloc(16), 'not a table of owners'],
    [Buffer.concat([header.subarray(0, 8), Buffer.alloc(8, 255)]), 'too many entries'],
    [
      Buffer.concat([header.subarray(0, 8), Buffer.from([1, 0, 0, 0, 0, 0, 0, 0]), Buffer.alloc(63)]),
      'the file ends too early',
    ],
    [
      Buffer.concat([header.subarray(0, 8), Buffer.from([1, 0, 0, 0, 0, 0, 0, 0]), Buffer.alloc(64, 255)]),
      'an entry is malformed',
    ],
  ] as const
  for (const [known, says] of tables) {
    expect(room.run('true', { known })).toMatchObject({ code: 125, stderr: `tsbuild-sandbox: read owners: ${says}\n` })
  }
})

/** Processes of the machine that run a program of this name. */
function running(name: string): readonly string[] {
  return readdirSync('/proc').filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readlinkSync(`/proc/${pid}/exe`).includes(name)
    } catch {
      return false
    }
  })
}

async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; !condition(); i++) {
    if (i === 200) throw new Error('it did not happen within 10 s')
    await sleep(50)
  }
}
