// The spec that the native helper reads: records of NUL-terminated strings; see native/README.md.

import { ociConfig } from '../oci/oci-config.ts'
import type { OwnerTables } from '../ownership/ownership-method.ts'
import { ALL_CAPABILITIES } from '../restrictions/capabilities.ts'
import type { SandboxCommand, SandboxMount, WorkerNamespaces } from '../types.ts'

export interface NativeSettings {
  readonly namespaces: WorkerNamespaces
  /** The capabilities of the process that starts the helper, as a bit set. */
  readonly capabilities: bigint
  /** The processor, as Node.js names it. */
  readonly arch: string
  /** The seccomp program as the kernel takes it, 8 bytes an instruction; undefined for none. */
  readonly filter: Uint8Array | undefined
}

/**
 * The spec of a command, with the same restrictions as the configuration of an OCI runtime. With `tables` ownership
 * is virtual, and so is the user. Errors with a RangeError if a string contains NUL.
 */
export function nativeSpec(command: SandboxCommand, tables: OwnerTables | undefined, settings: NativeSettings): Buffer {
  const { namespaces, filter } = settings
  const { process, linux } = ociConfig(command, { ...settings, cgroups: false })
  const records: (readonly string[])[] = [
    ['tsbuild-sandbox 1'],
    ['root', command.root],
    ['hostname', command.hostname],
    ['cwd', command.cwd],
    ['proc', namespaces.processes ? 'new' : 'bind'],
    ['network', command.network],
    ['shm', String(command.shmSize)],
    ...(command.insecure
      ? [
          ['devices', 'yes'],
          ['sys', 'rw'],
        ]
      : [['bounding', bits(process.capabilities['bounding'])]]),
    ...userRecords(command, tables, namespaces),
    ...command.mounts.map(mountRecord),
    ...linux.maskedPaths.map((path) => ['mask', path]),
    ...linux.readonlyPaths.map((path) => ['readonly', path]),
    ...command.resourceLimits.map(({ name, soft, hard }) => ['limit', name, limit(soft), limit(hard)]),
    ...(filter && !command.insecure ? [['filter', Buffer.from(filter).toString('hex')]] : []),
    ...ownerRecords(tables),
    ...command.args.map((argument) => ['arg', argument]),
    ...command.env.map((variable) => ['env', variable]),
    ['end'],
  ]
  const strings = records.flat()
  const broken = strings.find((text) => text.includes('\0'))
  if (broken !== undefined) throw new RangeError(`NUL in ${JSON.stringify(broken)}`)
  return Buffer.from(`${strings.join('\0')}\0`)
}

function userRecords(
  { user }: SandboxCommand,
  tables: OwnerTables | undefined,
  namespaces: WorkerNamespaces,
): (readonly string[])[] {
  const { uid, gid, groups } = user
  const who = ['user', String(uid), String(gid), groups.join(',')]
  if (tables || namespaces.mapping !== 'single') return [who]
  // The worker is root already. Any other user gets the number of the only id.
  return uid === 0 && gid === 0 ? [] : [who, ['user-is', 'mapped']]
}

function mountRecord(mount: SandboxMount): readonly string[] {
  if (mount.kind === 'tmpfs') return ['tmpfs', mount.target, String(mount.size ?? 0), mount.mode.toString(8)]
  return ['bind', mount.source, mount.target, mount.readonly ? 'ro' : 'rw']
}

function ownerRecords(tables: OwnerTables | undefined): (readonly string[])[] {
  if (!tables) return []
  return [
    ...(tables.input === undefined ? [] : [['owners-in', tables.input]]),
    ['owners-out', tables.output],
    ['capabilities', tables.virtualCapabilities ? 'virtual' : 'real'],
    ['hard-links', tables.hardLinks ? 'recorded' : 'none'],
  ]
}

const UNLIMITED = 2n ** 64n - 1n

/** -1 and Infinity stand for RLIM_INFINITY of setrlimit(2). */
function limit(value: number): string {
  return String(value < 0 || value === Number.POSITIVE_INFINITY ? UNLIMITED : BigInt(Math.trunc(value)))
}

function bits(names: readonly string[] = []): string {
  return names.reduce((sum, name) => sum | (1n << BigInt(ALL_CAPABILITIES.indexOf(name))), 0n).toString(16)
}
