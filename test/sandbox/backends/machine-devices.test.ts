// A builder who is root: a step uses the devices of the machine and can't change them. The machine is one of the
// test's own, with a /dev of its own nodes.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'
import type { SandboxCommand, WorkerNamespaces } from '../../../lib/sandbox/types.ts'
import { isRoot, staticBusybox } from '../../support/programs.ts'
import { requires } from '../../support/requires.ts'
import { run } from '../../support/run.ts'
import { makeBusyboxRoot } from '../busybox-root.ts'

const busybox = staticBusybox()
const needed = [isRoot('devices of its own'), requires('bwrap'), requires('unshare')]
const NODES = ['null 1 3', 'zero 1 5', 'full 1 7', 'random 1 8', 'urandom 1 9', 'tty 5 0']

/** Runs a worker whose /dev is a new tmpfs, and prints modes and owners of the nodes there afterwards. */
const MACHINE = `
set -e
mount -t tmpfs -o mode=755 machine "$DEVICES"
${NODES.map((node) => `mknod -m 666 "$DEVICES"/${node.replace(' ', ' c ')}`).join('\n')}
mount --move "$DEVICES" /dev
stat -f -c %T /dev | grep -q tmpfs
"$@"
stat -c '%n %a %u' ${NODES.map((node) => `/dev/${node.split(' ')[0]}`).join(' ')} >"$DEVICES-after"
`

test.skipIf(!needed.every(Boolean) || busybox === undefined)(
  "bwrap: a step writes to the machine's devices, and can't change their modes",
  () => {
    const directory = mkdtempSync(join(tmpdir(), 'tsbuild-machine-devices-'))
    try {
      const [root, devices] = [join(directory, 'root'), join(directory, 'devices')]
      makeBusyboxRoot(root, busybox ?? '')
      mkdirSync(devices)
      const namespaces: WorkerNamespaces = { mapping: 'root', mounts: true, processes: true, launcher: [] }
      const script =
        'for n in null zero full random urandom tty; do busybox chmod 600 /dev/$n; busybox chown 5 /dev/$n; done; ' +
        'echo x >/dev/null && head -c 4 /dev/zero | wc -c'
      const commands = { first: command('first', directory, script), second: command('second', directory, script) }
      writeFileSync(
        join(directory, 'job.json'),
        JSON.stringify({ backend: 'bwrap', namespaces, commands, aborted: [] }),
      )
      const worker = [process.execPath, '--import', 'tsx', resolve(import.meta.dirname, '../run-commands.ts')]
      const own = ['unshare', '-m', '-p', '-f', '--kill-child', '--mount-proc', '--propagation', 'private']
      const [file = '', ...args] = [...own, 'env', `DEVICES=${devices}`, 'sh', '-c', MACHINE, 'sh', ...worker]
      const { results } = JSON.parse(run(file, [...args, join(directory, 'job.json')]))
      const said = { exit: { kind: 'exited', code: 0 }, stdout: '4\n', stderr: expect.stringMatching(/Read-only file/) }
      expect(results).toMatchObject({ first: said, second: said })
      const after = readFileSync(`${devices}-after`, 'utf8').trim().split('\n')
      expect(after).toEqual(NODES.map((node) => `/dev/${node.split(' ')[0]} 666 0`))
    } finally {
      rmSync(directory, { recursive: true, force: true })
    }
  },
)

function command(id: string, directory: string, script: string): SandboxCommand {
  return {
    id: `devices-${id}`,
    root: join(directory, 'root'),
    scratch: join(directory, id),
    args: ['/bin/sh', '-c', script],
    env: ['PATH=/bin'],
    cwd: '/',
    user: { uid: 0, gid: 0, groups: [] },
    mounts: [],
    hostname: 'machine',
    network: 'host',
    insecure: false,
    resourceLimits: [],
    controlLimits: {},
    shmSize: 1 << 20,
  }
}
