// Runs a command where there are neither namespaces nor mounts nor root: the native helper answers its system calls.
import { existsSync } from 'node:fs'
import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { TsbuildError } from '../../base/errors.ts'
import { writeDevDirectory } from '../dev/dev-directory.ts'
import { DEVICE_NODES } from '../dev/device-nodes.ts'
import { killMarked, newMark } from '../launch/kill-processes.ts'
import { readHostFacts } from '../namespaces/host-facts.ts'
import type { OwnedCommand } from '../ownership/ownership-method.ts'
import { refuseNetworkNone } from '../restrictions/network-none.ts'
import { commandFilter, NO_FILTER_HERE } from '../seccomp/command-filter.ts'
import type { Backend, PreparedCommand, SandboxMount, WorkerNamespaces } from '../types.ts'
import { type Bind, virtualRootSpec } from './virtual-root-spec.ts'

/**
 * The back-end of the helper at `path` for a user who gets no namespaces. The helper gives the command another root
 * directory, other users and owners by answering its system calls. It is no security boundary: a command shares the
 * builder's processes, network and user.
 *
 * prepare() rejects with SANDBOX_LACKS for `network: 'none'`. Throws SANDBOX_LACKS where there are namespaces.
 */
export function createVirtualBackend(namespaces: WorkerNamespaces, path: string): Backend {
  if (namespaces.mapping !== 'none') {
    const message = 'a virtual root is for environments without any user namespace: this one has better'
    throw new TsbuildError('SANDBOX_LACKS', message)
  }
  const filter = commandFilter(readHostFacts().capabilities)
  return {
    isolation: 'virtual',
    program: 'tsbuild-sandbox 1',
    features: { networkNone: false, controlLimits: false, insecure: false, processes: false, mounts: true },
    withoutFilter: () => (filter ? undefined : NO_FILTER_HERE),
    prepare: (command) => prepare(command, path, filter),
  }
}

async function prepare(command: OwnedCommand, path: string, filter: Uint8Array | undefined): Promise<PreparedCommand> {
  refuseNetworkNone('virtual', command)
  const { scratch } = command
  const mark = newMark()
  const file = join(scratch, 'spec')
  const tables = command.owners ?? {
    input: undefined,
    output: join(scratch, 'owners'),
    virtualCapabilities: true,
    hardLinks: false,
  }
  const binds = [
    ...(await devices(command)),
    ...(await Promise.all(command.mounts.map((one, at) => bind(one, at, scratch)))),
  ]
  // The environment may contain secrets.
  await writeFile(file, virtualRootSpec(command, { tables, binds, mark, filter }), { mode: 0o600 })
  const kill = (): Promise<void> => killMarked(mark)
  return { file: path, args: ['run'], env: {}, files: [file], kill, finish: kill }
}

/** A /dev with the memory devices and terminals of the host. */
async function devices({ scratch, mounts }: OwnedCommand): Promise<readonly Bind[]> {
  const dev = join(scratch, 'dev')
  await writeDevDirectory(dev, mounts)
  for (const name of ['shm', 'mqueue']) await chmod(join(dev, name), 0o1777)
  const names = [...DEVICE_NODES.map(({ name }) => name), 'pts'].map((name) => `/dev/${name}`)
  const hosts = names
    .filter((name) => existsSync(name))
    .map((name) => ({ source: name, target: name, readonly: false }))
  return [{ source: dev, target: '/dev', readonly: false }, ...hosts]
}

/** A tmpfs is an empty directory. */
async function bind(mount: SandboxMount, at: number, scratch: string): Promise<Bind> {
  if (mount.kind === 'bind') return mount
  const source = join(scratch, `tmpfs.${at}`)
  await mkdir(source)
  await chmod(source, mount.mode)
  return { source, target: mount.target, readonly: false }
}
