// Every back-end, in all namespaces where it works, keeps the same promises.
import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  closeSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { findProgram } from '../../../lib/base/find-program.ts'
import { withSameIds } from '../../../lib/sandbox/namespaces/id-mapping.ts'
import { supportsSeccompFilter } from '../../../lib/sandbox/restrictions/drop-capabilities.ts'
import type { BackendFeatures, SandboxCommand, WorkerNamespaces } from '../../../lib/sandbox/types.ts'
import { isRoot, staticBusybox } from '../../support/programs.ts'
import { requires } from '../../support/requires.ts'
import { makeBusyboxRoot } from '../busybox-root.ts'
import type { Result, Tested } from '../run-commands.ts'

const busybox = staticBusybox()
const root = isRoot('a sandbox in all its namespaces')

const MOUNTS = ['unshare', '-m', '--propagation', 'private']
const USER_MOUNTS = ['unshare', '-U', '-r', '-m', '--propagation', 'private']
const PROCESSES = ['-p', '-f', '--kill-child', '--mount-proc']

interface Cell {
  readonly backend: Tested
  readonly where: string
  /** The user on the host. */
  readonly uid: number
  readonly namespaces: WorkerNamespaces
}

const ENVIRONMENTS: readonly Omit<Cell, 'backend'>[] = [
  { where: 'as root', uid: 0, namespaces: namespaces('root', true, [...MOUNTS, ...PROCESSES]) },
  {
    where: 'in a namespace with many ids',
    uid: 0,
    namespaces: namespaces('multiple', true, [...withSameIds(65536), ...MOUNTS, ...PROCESSES]),
  },
  {
    where: 'in a namespace with one id',
    uid: 12345,
    namespaces: namespaces('single', true, [...USER_MOUNTS, ...PROCESSES]),
  },
  { where: 'where processes are shared', uid: 12345, namespaces: namespaces('single', false, USER_MOUNTS) },
]

const CELLS: readonly Cell[] = [
  ...(requires('crun') ? ENVIRONMENTS.slice(0, 3).map((where) => ({ backend: 'crun' as const, ...where })) : []),
  ...(requires('runc') ? ENVIRONMENTS.slice(0, 2).map((where) => ({ backend: 'runc' as const, ...where })) : []),
  ...ENVIRONMENTS.map((where) => ({ backend: 'userns' as const, ...where })),
  ...(requires('bwrap') ? ENVIRONMENTS.map((where) => ({ backend: 'bwrap' as const, ...where })) : []),
  {
    backend: 'chroot',
    where: 'as root that may not mount',
    uid: 0,
    namespaces: { mapping: 'root', mounts: false, processes: false, launcher: [] },
  },
]

function namespaces(
  mapping: WorkerNamespaces['mapping'],
  processes: boolean,
  launcher: readonly string[],
): WorkerNamespaces {
  return { mapping, mounts: true, processes, launcher }
}

interface Answer {
  readonly results: Readonly<Record<string, Result>>
  readonly features: BackendFeatures
  readonly mounts: string
}

describe.skipIf(!busybox || !root).each(CELLS)('$backend $where', ({ backend, where, uid, namespaces }) => {
  const directory = mkdtempSync(join(tmpdir(), 'tsbuild-sandbox-'))
  const target = join(directory, 'root')
  // Something to know processes of this cell by.
  const sleep = `${90000 + CELLS.findIndex((cell) => cell.backend === backend && cell.where === where)}`
  const isRuntime = backend === 'crun' || backend === 'runc'
  let answer: Answer
  const done = (name: string): Extract<Result, { exit: unknown }> => {
    const result = answer.results[name]
    if (!result || 'error' in result) throw new Error(`${name}: ${JSON.stringify(result)}`)
    return result
  }

  beforeAll(() => {
    chmodSync(directory, 0o755)
    makeBusyboxRoot(target, busybox ?? '')
    mkdirSync(join(target, 'work/deep'))
    symlinkSync('/work/deep', join(target, 'work/link'))
    mkdirSync(join(target, 'run/secrets'))
    writeFileSync(join(target, 'run/secrets/key'), '')
    mkdirSync(join(directory, 'source'))
    writeFileSync(join(directory, 'source/file'), 'content\n')
    mkdirSync(join(directory, 'cache dir'))
    writeFileSync(join(directory, 'cache dir/old'), 'old\n')
    writeFileSync(join(directory, 'secret'), 's3cret\n', { mode: 0o400 })
    const job = { backend, namespaces, commands: commands(directory, sleep), aborted: ['abort'] }
    writeFileSync(join(directory, 'job.json'), JSON.stringify(job))
    if (uid !== 0) spawnSync('chown', ['-R', '-h', `${uid}:${uid}`, directory])
    answer = runWorker(namespaces, uid, directory)
  }, 120_000)
  afterAll(() => rmSync(directory, { recursive: true, force: true }))

  test('gives the exit code, and both streams whole', () => {
    expect(done('exit')).toMatchObject({ exit: { kind: 'exited', code: 7 }, stderr: 'two\n' })
    expect(done('exit').stdout).toBe(`one\n${'x'.repeat(200_000)}\n`)
  })

  // A chroot has no /proc.
  test.skipIf(backend === 'chroot')('its streams are pipes, which can be opened again', () => {
    expect(done('again')).toMatchObject({ exit: { kind: 'exited', code: 0 }, stdout: '1\n3\n', stderr: '2\n3\n' })
    expect(done('other')).toMatchObject({ exit: { kind: 'exited', code: 0 }, stdout: '1\n', stderr: '2\n' })
  })

  test('gives the signal that ended a command, or the code that shells have for it', () => {
    const { exit } = done('signal')
    if (isRuntime) {
      // As with Docker the command is the first process, which can't kill itself.
      expect(exit).toEqual({ kind: 'exited', code: 0 })
      return
    }
    expect(exit).toEqual(backend === 'bwrap' ? { kind: 'exited', code: 137 } : { kind: 'killed', signal: 'SIGKILL' })
  })

  test('a program that is not there is no failure of the sandbox', () => {
    // bubblewrap itself says 1, as runtimes do, and setpriv within it 127.
    expect([
      { kind: 'exited', code: 127 },
      ...(backend === 'bwrap' || isRuntime ? [{ kind: 'exited', code: 1 }] : []),
    ]).toContainEqual(done('missing').exit)
  })

  test('passes on the environment as it is, and nothing of its own', () => {
    const added = backend === 'bwrap' ? 'PWD=' : isRuntime ? 'HOME=' : undefined
    const lines = done('env')
      .stdout.split('\0')
      .filter((line) => added === undefined || !line.startsWith(added))
    const expected = ['A=b c', 'B=two\nlines', 'LD_PRELOAD=/nowhere.so', 'PATH=/bin', 'odd.name=1']
    expect(lines.join('\n').trim().split('\n').toSorted()).toEqual(expected.join('\n').split('\n').toSorted())
    expect(done('env').stderr).toBe('')
  })

  test('runs as the user and in the groups that it is told', () => {
    const [user, group, groups] = done('user').stdout.split('\n')
    expect([user, group]).toEqual(['33', '34'])
    // In a namespace with one id there are no others.
    if (namespaces.mapping !== 'single') expect(groups).toBe('34 35')
    const made = lstatSync(join(target, 'work/made'))
    const expected = namespaces.mapping === 'single' ? [uid, uid] : [33, 34]
    expect([made.uid, made.gid, made.mode & 0o777]).toEqual([...expected, 0o644])
  })

  test('begins in the working directory, through links of the root', () => {
    expect(done('directory').stdout).toBe('/work/deep\n')
  })

  test('a read-only mount stays as it is', () => {
    const { stdout, stderr } = done('readonly')
    expect(stdout).toContain('content\n')
    expect(readFileSync(join(directory, 'source/file'), 'utf8')).toBe('content\n')
    if (answer.features.mounts) expect(stderr).toMatch(/Read-only file system[\s\S]*permission denied/i)
    expect(readdirSync(join(target, 'ro'))).toEqual([])
  })

  test('what is written to a writable mount is in its source, and not in the root', () => {
    expect(done('writable')).toMatchObject({ exit: { code: 0 }, stdout: 'old\n' })
    expect(readFileSync(join(directory, 'cache dir/new'), 'utf8')).toBe('new\n')
    expect(readdirSync(join(target, 'rw'))).toEqual([])
  })

  test('a file is mounted within a memory filesystem, and nothing of either is left', () => {
    expect(done('secret').stdout).toBe('s3cret\nsecrets\n')
    expect(readdirSync(join(target, 'run'))).toEqual(['secrets'])
    expect(readFileSync(join(target, 'run/secrets/key'), 'utf8')).toBe('')
  })

  test('a file that the command moves away leaves nothing of its content in the root', () => {
    done('moved')
    expect(readFileSync(join(target, 'run/secrets/key'), 'utf8')).toBe('')
    const moved = join(target, 'work/moved')
    if (existsSync(moved)) expect(readFileSync(moved, 'utf8')).toBe('')
  })

  test('has the devices of a container for as long as it runs', () => {
    const { stdout } = done('devices')
    expect(stdout).toMatch(/^4\n/)
    expect(stdout.split('\n')).toEqual(expect.arrayContaining(['fd', 'full', 'null', 'random', 'shm', 'stderr', 'tty']))
    expect([readdirSync(join(target, 'dev')), readdirSync(join(target, 'proc'))]).toEqual([[], []])
  })

  test('has its limits', () => {
    expect(done('limits').stdout).toBe('64\n0022\n')
  })

  test('inherits no file of the builder', () => {
    expect(done('files').stdout).toBe('looked\n')
  })

  test('is stopped with all that it started', () => {
    expect(done('abort').milliseconds).toBeLessThan(5000)
    expect(running(sleep)).toEqual([])
  })

  test('what it left in the background ends with it', () => {
    expect(done('background').exit).toEqual({ kind: 'exited', code: 3 })
    expect(done('background').milliseconds).toBeLessThan(5000)
  })

  test('leaves nothing mounted', () => {
    expect(answer.mounts).not.toContain(directory)
    expect(readFileSync('/proc/self/mountinfo', 'utf8')).not.toContain(directory)
  })

  test('is alone with the loopback, or says that it can not be', () => {
    const result = answer.results['network']
    if (!answer.features.networkNone) {
      expect(result).toMatchObject({ error: 'SANDBOX_LACKS' })
      return
    }
    const { stdout } = done('network')
    expect(stdout.split('\n').filter((line) => /^\d+:/.test(line))).toEqual([expect.stringMatching(/lo:.*UP/)])
    expect(stdout).not.toContain('eth0')
  })

  test('sees nothing of the host', () => {
    const [mounts = '', processes = ''] = done('host').stdout.split('PID   USER')
    expect(mounts).not.toContain(directory)
    expect(mounts).toContain('/: bin dev etc proc ro run rw sys tmp work ')
    if (answer.features.processes) expect(processes).not.toMatch(/run-commands|vitest/)
  })

  if (backend !== 'chroot') {
    test('has a host name of its own', () => {
      expect(done('hostname').stdout).toBe('box\n')
    })

    test('has the capabilities that Docker leaves, and what Docker hides is hidden', () => {
      const { stdout, stderr } = done('capabilities')
      expect(stdout).toContain('CapEff:\t00000000a80425fb\n')
      expect(stdout).toMatch(/ 1024 .*\/dev\/shm/)
      if (namespaces.processes) expect(stderr).toMatch(/hostname: (Read-only file system|Permission denied)/)
    })

    test('devices that it makes can not be used, unless it is insecure', () => {
      // Where there are user namespaces none can be made.
      const made = namespaces.mapping === 'root'
      // A runtime's control group lets the harmless ones be used, and no others: those would need no capability.
      expect(done('device').stdout).toBe(made ? `made\n${isRuntime ? 'used' : 'refused'}\n` : 'refused\n')
      expect(done('fuse').stdout).toBe(made ? 'made\nrefused\n' : 'refused\n')
      if (made) expect(done('insecureDevice').stdout).toBe('made\nused\n')
      if (made && existsSync('/dev/fuse')) expect(done('insecureFuse').stdout).toBe('made\nused\n')
    })

    test("has Docker's seccomp filter if there is a program that can put one on", () => {
      const filtered = backend === 'bwrap' || isRuntime || supportsSeccompFilter(findProgram('setpriv') ?? '')
      expect(done('capabilities').stdout).toContain(`Seccomp:\t${filtered ? 2 : 0}\n`)
      if (filtered) expect(done('filter').stdout).toMatch(/^unshare: .*Operation not permitted\n\d/)
      expect(done('insecure').stdout).toContain('Seccomp:\t0\n')
    })

    test('has the capabilities of its worker when it is insecure', () => {
      expect(done('insecure').stdout).not.toContain('00000000a80425fb')
      expect(done('insecure').stdout).toMatch(/CapEff:\t000001f/)
    })
  }
})

const useDevice = (number: string): string =>
  `rm -f /work/x; mknod /work/x c ${number} 2>/dev/null && echo made; (: </work/x && echo used) 2>/dev/null || echo refused`

function commands(directory: string, sleep: string): Readonly<Record<string, SandboxCommand>> {
  let count = 0
  const shell = (script: string, more: Partial<SandboxCommand> = {}): SandboxCommand => ({
    id: `test-${count++}`,
    root: join(directory, 'root'),
    scratch: join(directory, `scratch-${count}`),
    args: ['/bin/sh', '-c', script],
    env: ['PATH=/bin'],
    cwd: '/',
    user: { uid: 0, gid: 0, groups: [] },
    mounts: [],
    hostname: 'box',
    network: 'host',
    insecure: false,
    resourceLimits: [],
    controlLimits: {},
    shmSize: 1 << 20,
    ...more,
  })
  const bind = (source: string, target: string, readonly: boolean) =>
    ({ kind: 'bind', source: join(directory, source), target, readonly }) as const
  const secret = [
    { kind: 'tmpfs', target: '/run', size: 1 << 20, mode: 0o755 } as const,
    bind('secret', '/run/secrets/key', true),
  ]
  const environment = ['PATH=/bin', 'A=b c', 'B=two\nlines', 'LD_PRELOAD=/nowhere.so', 'odd.name=1']
  return {
    exit: shell(`echo one; head -c 200000 /dev/zero | busybox tr '\\0' x; echo; echo two >&2; exit 7`),
    again: shell('for i in 1 2; do echo $i >/proc/self/fd/$i; done; echo 3 | tee /proc/self/fd/2; : </proc/self/fd/1'),
    other: shell('echo 1 >/proc/self/fd/1; echo 2 >/proc/self/fd/2', { user: { uid: 33, gid: 34, groups: [] } }),
    signal: shell('kill -9 $$'),
    missing: shell('', { args: ['/bin/nothing'] }),
    env: shell('', { args: ['/bin/env', '-0'], env: environment }),
    user: shell('id -u; id -g; id -G; touch /work/made', { user: { uid: 33, gid: 34, groups: [34, 35] } }),
    directory: shell('busybox pwd -P', { cwd: '/work/link' }),
    readonly: shell('cat /ro/file; echo x >/ro/file; mount -o remount,bind,rw /ro; echo y >/ro/other', {
      mounts: [bind('source', '/ro', true)],
    }),
    writable: shell('cat /rw/old && echo new >/rw/new', { mounts: [bind('cache dir', '/rw', false)] }),
    secret: shell('cat /run/secrets/key; ls /run', { mounts: secret }),
    moved: shell('busybox mv /run/secrets/key /work/moved; :', { mounts: [bind('secret', '/run/secrets/key', true)] }),
    devices: shell('echo x >/dev/null; head -c 4 /dev/zero | wc -c; ls /dev'),
    limits: shell('ulimit -n; umask', { resourceLimits: [{ name: 'nofile', soft: 64, hard: 64 }] }),
    files: shell(
      'i=3; while [ $i -lt 256 ]; do if (eval ": <&$i") 2>/dev/null; then echo $i; fi; i=$((i + 1)); done; echo looked',
    ),
    abort: shell(`trap : TERM; sleep ${sleep} & setsid sleep ${sleep} & echo ready; while :; do wait; done`),
    background: shell(`sleep ${sleep} & setsid sleep ${sleep} & exit 3`),
    network: shell('ip -o link', { network: 'none' }),
    host: shell('echo "/: $(ls / | busybox tr "\\n" " ")"; cat /proc/mounts; ps; ls /proc/1/root/ /proc/1/cwd/'),
    hostname: shell('hostname'),
    device: shell(useDevice('1 3')),
    fuse: shell(useDevice('10 229')),
    insecureDevice: shell(useDevice('1 3'), { insecure: true }),
    insecureFuse: shell(useDevice('10 229'), { insecure: true }),
    filter: shell('unshare -U true 2>&1; id -u'),
    capabilities: shell(
      'grep -E "CapEff|Seccomp:" /proc/self/status; df -k /dev/shm; echo x >/proc/sys/kernel/hostname',
    ),
    insecure: shell('grep -E "CapEff|Seccomp:" /proc/self/status', { insecure: true }),
  }
}

/** Starts the worker as the builder does, with a descriptor that it shouldn't have. */
function runWorker(namespaces: WorkerNamespaces, uid: number, directory: string): Answer {
  const script = resolve(import.meta.dirname, '../run-commands.ts')
  const user = uid === 0 ? [] : ['setpriv', `--reuid=${uid}`, `--regid=${uid}`, '--clear-groups']
  const argv = [
    ...user,
    ...namespaces.launcher,
    process.execPath,
    '--import',
    'tsx',
    script,
    join(directory, 'job.json'),
  ]
  const leaked = openSync('/etc/passwd', 'r')
  try {
    const stdio = Array.from({ length: 201 }, (_, index) => (index < 3 ? 'pipe' : index === 200 ? leaked : 'ignore'))
    const env = { PATH: process.env['PATH'] ?? '', HOME: directory }
    const ended = spawnSync(argv[0] ?? '', argv.slice(1), {
      encoding: 'utf8',
      env,
      stdio,
      timeout: 60_000,
      killSignal: 'SIGKILL',
    })
    if (ended.status !== 0) throw new Error(`the worker ended with ${ended.status ?? ended.signal}: ${ended.stderr}`)
    return JSON.parse(ended.stdout)
  } finally {
    closeSync(leaked)
  }
}

/** Command lines on this machine that have a word. */
function running(word: string): readonly string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && existsSync(`/proc/${name}/cmdline`))
    .map((name) => commandLine(name))
    .filter((line) => line.split('\0').includes(word))
}

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1')
  } catch {
    // It has just ended.
    return ''
  }
}
