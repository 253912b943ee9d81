// The spec that the native helper reads: records of NUL-terminated strings; see native/README.md.

import { ociConfig } from '../oci/oci-config.ts'
import type { OwnerTables } from '../ownership/ownership-method.ts'
import type { SandboxCommand, SandboxMount, WorkerNamespaces } from '../types.ts'
import { capabilityBits, limitRecord, type SpecRecord, specBytes } from './spec-records.ts'

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
 * The spec of a command, with the same restrictions as the configuration of an OCI runtime. With `tables` of
 * virtual owners the user is virtual, too. Errors with a RangeError if a string contains NUL.
 */
export function nativeSpec(command: SandboxCommand, tables: OwnerTables | undefined, settings: NativeSettings): Buffer {
  const { namespaces, filter } = settings
  const { process, linux } = ociConfig(command, { ...settings, cgroups: false })
  return specBytes([
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
      : [['bounding', capabilityBits(process.capabilities['bounding'] ?? [])]]),
    ...userRecords(command, tables, namespaces),
    ...command.mounts.map(mountRecord),
    ...linux.maskedPaths.map((path) => ['mask', path]),
    ...linux.readonlyPaths.map((path) => ['readonly', path]),
    ...command.resourceLimits.map(limitRecord),
    ...(filter && !command.insecure ? [['filter', Buffer.from(filter).toString('hex')]] : []),
    ...ownerRecords(tables),
    ...command.args.map((argument) => ['arg', argument]),
    ...command.env.map((variable) => ['env', variable]),
  ])
}

function userRecords(
  { user }: SandboxCommand,
  tables: OwnerTables | undefined,
  namespaces: WorkerNamespaces,
): readonly SpecRecord[] {
  const { uid, gid, groups } = user
  const who = ['user', String(uid), String(gid), groups.join(',')]
  if (tables || namespaces.mapping !== 'single') return [who]
  // The worker is root already. Any other user gets the number of the only id.
  return uid === 0 && gid === 0 ? [] : [who, ['user-is', 'mapped']]
}

function mountRecord(mount: SandboxMount): SpecRecord {
  if (mount.kind === 'tmpfs') return ['tmpfs', mount.target, String(mount.size ?? 0), mount.mode.toString(8)]
  return ['bind', mount.source, mount.target, mount.readonly ? 'ro' : 'rw']
}

function ownerRecords(tables: OwnerTables | undefined): readonly SpecRecord[] {
  if (!tables) return []
  return [
    ...(tables.input === undefined ? [] : [['owners-in', tables.input]]),
    ['owners-out', tables.output],
    ['capabilities', tables.virtualCapabilities ? 'virtual' : 'real'],
    ['hard-links', tables.hardLinks ? 'recorded' : 'none'],
    ['owners-are', tables.real ? 'real' : 'virtual'],
    ...(tables.kept ?? []).map((path) => ['keep', path]),
  ]
}
