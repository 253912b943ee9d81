// The spec of a command with a virtual root, for the native helper; see native/README.md.

import type { OwnerTables } from '../ownership/ownership-method.ts'
import { DEFAULT_CAPABILITIES } from '../restrictions/capabilities.ts'
import type { SandboxCommand } from '../types.ts'
import { capabilityBits, limitRecord, type SpecRecord, specBytes } from './spec-records.ts'

/** A file or directory of the host at a path of the root. */
export interface Bind {
  readonly source: string
  readonly target: string
  readonly readonly: boolean
}

export interface VirtualRootSettings {
  readonly tables: OwnerTables
  /** All that the root has beside its own files, outer ones first. The helper itself adds /proc and /sys. */
  readonly binds: readonly Bind[]
  /** The hard limit RLIMIT_RTTIME that all processes get, in microseconds. */
  readonly mark?: number | undefined
  /** The seccomp program as the kernel takes it; undefined for none. */
  readonly filter?: Uint8Array | undefined
}

/** The spec of a command in a root without mounts. Errors with a RangeError if a string contains NUL. */
export function virtualRootSpec(command: SandboxCommand, settings: VirtualRootSettings): Buffer {
  const { tables, binds, mark, filter } = settings
  const { uid, gid, groups } = command.user
  const records: readonly SpecRecord[] = [
    ['root', command.root],
    ['root-is', 'virtual'],
    ['hostname', command.hostname],
    ['cwd', command.cwd],
    ['user', String(uid), String(gid), groups.join(',')],
    // The capabilities that the command seems to have.
    ['bounding', capabilityBits(DEFAULT_CAPABILITIES)],
    ...(mark === undefined ? [] : [['mark', String(mark)]]),
    ...binds.map(({ source, target, readonly }) => ['bind', source, target, readonly ? 'ro' : 'rw']),
    ...command.resourceLimits.map(limitRecord),
    ...(filter ? [['filter', Buffer.from(filter).toString('hex')]] : []),
    ...(tables.input === undefined ? [] : [['owners-in', tables.input]]),
    ['owners-out', tables.output],
    ...command.args.map((argument) => ['arg', argument]),
    ...command.env.map((variable) => ['env', variable]),
  ]
  return specBytes(records)
}
