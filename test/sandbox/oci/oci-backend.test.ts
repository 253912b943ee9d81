// Commands that really run in a runtime. What is the same for all runtimes is in oci-config.test.ts.
import { spawn, spawnSync } from 'node:child_process'
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { createOciBackend } from '../../../lib/sandbox/oci/oci-backend.ts'
import type { PreparedCommand, SandboxCommand, WorkerNamespaces } from '../../../lib/sandbox/types.ts'
import { isRoot, staticBusybox } from '../../support/programs.ts'
import { requires } from '../../support/requires.ts'

const busybox = staticBusybox()
const able = requires('runc') && isRoot('running containers') && busybox !== undefined
const namespaces: WorkerNamespaces = { mapping: 'root', mounts: true, processes: true, launcher: [] }

let prepare: (script: string, change?: Partial<SandboxCommand>) => Promise<PreparedCommand>
let outcome: (script: string, change?: Partial<SandboxCommand>) => Promise<{ status: number | null; output: string }>

beforeAll(() => {
  const backend = createOciBackend(namespaces, 'runc', { version: '1', cgroups: true })
  prepare = async (script, change = {}) => {
    const home = mkdtempSync('/tmp/tsbuild-oci-')
    onTestFinished(() => rmSync(home, { recursive: true, force: true }))
    chmodSync(home, 0o755)
    const root = join(home, 'root')
    for (const name of ['bin', 'proc', 'dev', 'sys', 'etc', 'tmp', 'mnt'])
      mkdirSync(join(root, name), { recursive: true })
    copyFileSync(busybox ?? '', join(root, 'bin/busybox'))
    writeFileSync(join(root, 'etc/resolv.conf'), '')
    chmodSync(join(root, 'tmp'), 0o1777)
    const scratch = join(home, 'scratch')
    mkdirSync(scratch)
    const command: SandboxCommand = {
      id: `test-${process.pid}-${Math.random().toString(36).slice(2)}`,
      root,
      scratch,
      args: ['/bin/busybox', 'sh', '-c', script.replace(/\b_ /g, '/bin/busybox ')],
      env: ['PATH=/bin', 'GREETING=hello'],
      cwd: '/tmp',
      user: { uid: 0, gid: 0, groups: [] },
      mounts: [],
      hostname: 'builder',
      network: 'host',
      insecure: false,
      resourceLimits: [],
      controlLimits: {},
      shmSize: 1 << 20,
      ...change,
    }
    return backend.prepare(command)
  }
  outcome = async (script, change) => {
    const prepared = await prepare(script, change)
    const { status, stdout, stderr } = spawnSync(prepared.file, prepared.args, { env: prepared.env, encoding: 'utf8' })
    await prepared.finish()
    return { status, output: (stdout + stderr).trim() }
  }
})

describe.skipIf(!able)('runc', () => {
  test.each<[string, string, Partial<SandboxCommand>, string]>([
    ['the environment is the command’s', 'echo "$GREETING $PATH"; pwd', {}, 'hello /bin\n/tmp'],
    ['a user has its groups', '_ id -u; _ id -g; _ id -G', { user: { uid: 7, gid: 8, groups: [9] } }, '7\n8\n8 9'],
    ['the host name is as asked', '_ hostname', {}, 'builder'],
    ['only its own processes are there', 'echo $$ /proc/[0-9]*', {}, '1 /proc/1'],
    ['capabilities are Docker’s', '_ grep CapEff /proc/self/status', {}, 'CapEff:\t00000000a80425fb'],
    ['a filter is on', '_ grep Seccomp: /proc/self/status', {}, 'Seccomp:\t2'],
    ['mounting is refused', '_ mount -t tmpfs x /mnt', {}, 'mount: permission denied (are you root?)'],
    ['insecure may mount', '_ mount -t tmpfs x /mnt && echo yes', { insecure: true }, 'yes'],
    ['no network but itself', 'echo $(_ ls /sys/class/net)', { network: 'none' }, 'lo'],
    ['limits of files hold', 'ulimit -n', { resourceLimits: [{ name: 'nofile', soft: 64, hard: 64 }] }, '64'],
    ['shared memory has its size', '_ df -k /dev/shm | _ tail -n 1 | _ awk "{print \\$2}"', {}, '1024'],
    ['devices are there', 'echo x > /dev/null && _ ls -l /dev/fd | _ grep -c /proc/self/fd', {}, '1'],
  ])('%s', async (_, script, change, expected) => {
    expect((await outcome(script, change)).output).toBe(expected)
  })

  test('the exit code is the command’s', async () => {
    expect((await outcome('exit 42')).status).toBe(42)
  })

  test('mounts are there, and writable only where they may be written', async () => {
    const source = mkdtempSync('/tmp/tsbuild-bind-')
    onTestFinished(() => rmSync(source, { recursive: true, force: true }))
    writeFileSync(join(source, 'name'), 'bound')
    const script = '_ cat /mnt/name; (echo x > /mnt/x) 2>/dev/null || echo refused'
    const bind = { kind: 'bind', source, target: '/mnt' } as const
    expect((await outcome(script, { mounts: [{ ...bind, readonly: true }] })).output).toBe('boundrefused')
    expect((await outcome(script, { mounts: [{ ...bind, readonly: false }] })).output).toBe('bound')
    expect(readdirSync(source)).toEqual(['name', 'x'])
  })

  test('a memory limit kills', async () => {
    const script = 'x=$(_ dd if=/dev/zero bs=1048576 count=64 2>/dev/null | _ tr "\\0" a); echo survived'
    const { status, output } = await outcome(script, { controlLimits: { memory: 16 << 20, memorySwap: 16 << 20 } })
    expect(output).not.toContain('survived')
    expect(status).not.toBe(0)
  })

  test('a kill leaves no process behind, even of another session', async () => {
    const word = `77.${process.pid}`
    const prepared = await prepare(`_ setsid _ sleep ${word} & _ sleep ${word}; true`)
    const child = spawn(prepared.file, prepared.args, { env: prepared.env, stdio: 'ignore', detached: true })
    const running = () => processesWith(word).length
    for (let i = 0; i < 100 && running() < 2; i++) await sleep(50)
    expect(running()).toBe(2)
    process.kill(-(child.pid ?? 0), 'SIGKILL')
    await prepared.kill()
    await prepared.kill()
    await prepared.finish()
    expect(running()).toBe(0)
  })

  test('the configuration is nobody else’s to read', async () => {
    const prepared = await prepare('true')
    const bundle = prepared.args[prepared.args.indexOf('-b') + 1] ?? ''
    expect(statSync(join(bundle, 'config.json')).mode & 0o777).toBe(0o600)
  })
})

/** Processes that have a word on their command line. */
function processesWith(word: string): string[] {
  return readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid)) return false
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').includes(word)
    } catch {
      return false
    }
  })
}
