// The mounts of the userns back-end, in their order.
import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { unreachable } from '../../base/unreachable.ts'
import { DEVICE_NODES } from '../dev/device-nodes.ts'
import { shmMountOptions } from '../dev/shm-size.ts'
import { type Mount, readMounts } from '../namespaces/locked-mount-flags.ts'
import { MASKED_PATHS, READONLY_PATHS } from '../restrictions/masked-paths.ts'
import type { SandboxCommand, SandboxMount, WorkerNamespaces } from '../types.ts'
import { bindLines, type TableLine } from './mount-table.ts'

/** A step of the set-up. Paths are the host's. */
export type SetupStep =
  | { readonly kind: 'mount'; readonly line: TableLine }
  | { readonly kind: 'directory' | 'file'; readonly path: string }
  /** Brings the loopback up: by the `flags` file of a sysfs, or by the program `ip`. */
  | { readonly kind: 'loopback'; readonly how: string }

const QUIET = ['nosuid', 'noexec', 'nodev']

/** All steps for a command. `dev` is the directory that becomes /dev; see {@link writeDevDirectory}. */
export function setupSteps(command: SandboxCommand, namespaces: WorkerNamespaces, dev: string): readonly SetupStep[] {
  const mounts = readMounts()
  const { root } = command
  return [
    ...mountSteps(bindLines(root, root, { readonly: false, flags: noDevices(command) }, mounts)),
    ...mountSteps(procLines(root, namespaces, mounts)),
    ...sysSteps(command, namespaces, mounts),
    ...mountSteps(devLines(command, namespaces, dev, mounts)),
    ...(command.insecure ? [] : mountSteps(maskingLines(root, namespaces, mounts))),
    ...command.mounts.flatMap((mount, index) => [
      ...stubSteps(mount, command.mounts.slice(0, index), root),
      ...mountSteps(commandLines(mount, command, mounts)),
    ]),
  ]
}

/**
 * `nodev` alone keeps the machine's devices from a command that may make device nodes: there is no control group of
 * devices here.
 */
const noDevices = ({ insecure }: SandboxCommand): readonly string[] => (insecure ? [] : ['nodev'])

function mountSteps(lines: readonly TableLine[]): readonly SetupStep[] {
  return lines.map((line) => ({ kind: 'mount', line }))
}

/** Where processes are shared with the builder, a new procfs cannot be mounted either. */
function procLines(root: string, namespaces: WorkerNamespaces, mounts: readonly Mount[]): readonly TableLine[] {
  const target = join(root, 'proc')
  if (!namespaces.processes) return bindLines('/proc', target, { readonly: false }, mounts)
  return [{ source: 'proc', target, type: 'proc', options: QUIET }]
}

/**
 * A sysfs shows one network namespace, and only that namespace's owner may mount it. Writing to a file of it brings
 * the loopback up, so that it becomes read-only afterwards.
 */
function sysSteps(
  command: SandboxCommand,
  namespaces: WorkerNamespaces,
  mounts: readonly Mount[],
): readonly SetupStep[] {
  const target = join(command.root, 'sys')
  const readonly = !command.insecure
  const sysfs: TableLine = { source: 'sysfs', target, type: 'sysfs', options: QUIET }
  if (command.network === 'none' && namespaces.processes) {
    const remount: TableLine = { source: 'none', target, type: 'none', options: ['remount', 'bind', 'ro', ...QUIET] }
    return [
      ...mountSteps([sysfs]),
      { kind: 'loopback', how: join(target, 'class/net/lo/flags') },
      ...mountSteps(readonly ? [remount] : []),
    ]
  }
  const lines =
    namespaces.mapping === 'root' && namespaces.processes
      ? [{ ...sysfs, options: [...QUIET, readonly ? 'ro' : 'rw'] }]
      : bindLines('/sys', target, { readonly, flags: QUIET }, mounts)
  return [...mountSteps(lines), ...(command.network === 'none' ? [{ kind: 'loopback', how: 'ip' } as const] : [])]
}

function devLines(
  command: SandboxCommand,
  namespaces: WorkerNamespaces,
  dev: string,
  mounts: readonly Mount[],
): readonly TableLine[] {
  const target = join(command.root, 'dev')
  // A namespace with one id has no group 5 for terminals.
  const group = namespaces.mapping === 'single' ? [] : ['gid=5']
  const terminals = ['newinstance', 'ptmxmode=0666', 'mode=0620', ...group, 'nosuid', 'noexec']
  const own = new Set(command.mounts.map((mount) => join(command.root, mount.target)))
  // A mount of the command replaces the system's mount at the same target.
  const system: readonly TableLine[] = [
    { source: 'devpts', target: join(target, 'pts'), type: 'devpts', options: terminals },
    { source: 'shm', target: join(target, 'shm'), type: 'tmpfs', options: shmMountOptions(command.shmSize) },
    { source: 'mqueue', target: join(target, 'mqueue'), type: 'mqueue', options: QUIET },
  ]
  return [
    ...bindLines(dev, target, { readonly: false, flags: ['nosuid'] }, mounts),
    ...DEVICE_NODES.flatMap(({ name }) => deviceLines(`/dev/${name}`, join(target, name), mounts)),
    ...system.filter((line) => !own.has(line.target)),
  ]
}

/** Docker's masked and read-only paths, as far as this kernel has them. */
function maskingLines(root: string, namespaces: WorkerNamespaces, mounts: readonly Mount[]): readonly TableLine[] {
  const masked = MASKED_PATHS.filter(existsSync).flatMap((path): readonly TableLine[] => {
    const target = join(root, path)
    if (!statSync(path).isDirectory()) return deviceLines('/dev/null', target, mounts)
    return [{ source: 'tmpfs', target, type: 'tmpfs', options: ['ro', 'size=0', ...QUIET] }]
  })
  // A /proc that is shared with the builder keeps the flags and the read-only paths that it has.
  if (!namespaces.processes) return masked
  const readonly = READONLY_PATHS.filter(existsSync).map((path): TableLine => {
    const target = join(root, path)
    return { source: target, target, type: 'none', options: ['bind', 'ro', ...QUIET] }
  })
  return [...masked, ...readonly]
}

/**
 * A device of the machine: a step must not change its mode or times. A read-only mount of a device can be written to.
 */
function deviceLines(source: string, target: string, mounts: readonly Mount[]): readonly TableLine[] {
  return bindLines(source, target, { readonly: true }, mounts)
}

function commandLines(mount: SandboxMount, command: SandboxCommand, mounts: readonly Mount[]): readonly TableLine[] {
  const target = join(command.root, mount.target)
  switch (mount.kind) {
    case 'bind': {
      const { source, readonly } = mount
      return bindLines(source, target, { readonly, flags: ['nosuid', 'nodev'] }, mounts)
    }
    case 'tmpfs': {
      const size = mount.size === undefined ? [] : [`size=${mount.size}`]
      const options = ['nosuid', ...noDevices(command), `mode=${mount.mode.toString(8)}`, ...size]
      return [{ source: 'tmpfs', target, type: 'tmpfs', options }]
    }
    default:
      return unreachable(mount)
  }
}

/** A target within an earlier tmpfs has to be made: what the root has there is covered. */
function stubSteps(mount: SandboxMount, earlier: readonly SandboxMount[], root: string): readonly SetupStep[] {
  const around = earlier.findLast(({ target }) => mount.target.startsWith(`${target}/`))
  if (around?.kind !== 'tmpfs') return []
  const path = join(root, mount.target)
  if (mount.kind === 'tmpfs' || statSync(mount.source).isDirectory()) return [{ kind: 'directory', path }]
  return [
    { kind: 'directory', path: join(path, '..') },
    { kind: 'file', path },
  ]
}
