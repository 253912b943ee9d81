// The configuration of an OCI runtime for a command: what Docker and BuildKit give a step. No path of the host is in
// it but the root and the sources of mounts.
import { existsSync } from 'node:fs'
import { ALL_CAPABILITIES, availableCapabilities, DEFAULT_CAPABILITIES } from '../restrictions/capabilities.ts'
import { MASKED_PATHS, READONLY_PATHS } from '../restrictions/masked-paths.ts'
import { networkNone } from '../restrictions/network-none.ts'
import { type SeccompProfile, seccompProfile } from '../seccomp/seccomp-profile.ts'
import type { ControlLimits, SandboxCommand, WorkerNamespaces } from '../types.ts'
import { type OciMount, ociMounts } from './oci-mounts.ts'

export interface OciSettings {
  readonly namespaces: WorkerNamespaces
  /** The capabilities of the process that starts the runtime, as a bit set. */
  readonly capabilities: bigint
  /** Whether the runtime may make control groups. */
  readonly cgroups: boolean
  /** The processor, as Node.js names it. */
  readonly arch: string
  /**
   * The seccomp filter as the kernel takes it, in base64: a runtime that understands it need not compile
   * `linux.seccomp`.
   */
  readonly compiledFilter?: string | undefined
}

/** The `config.json` of a bundle: the parts of runtime-spec 1.0 that are used here. */
export interface OciConfig {
  readonly ociVersion: string
  readonly process: OciProcess
  readonly root: { readonly path: string; readonly readonly: boolean }
  readonly hostname: string
  readonly mounts: readonly OciMount[]
  readonly linux: OciLinux
  readonly annotations?: Readonly<Record<string, string>>
}

export interface OciProcess {
  readonly terminal: false
  readonly user: { readonly uid: number; readonly gid: number; readonly additionalGids?: readonly number[] }
  readonly args: readonly string[]
  readonly env: readonly string[]
  readonly cwd: string
  readonly capabilities: Readonly<Record<string, readonly string[]>>
  readonly rlimits: readonly { readonly type: string; readonly soft: number; readonly hard: number }[]
  readonly noNewPrivileges: boolean
}

export interface OciLinux {
  readonly namespaces: readonly { readonly type: string }[]
  readonly uidMappings?: readonly OciMapping[]
  readonly gidMappings?: readonly OciMapping[]
  readonly resources?: Readonly<Record<string, unknown>>
  readonly seccomp?: SeccompProfile
  readonly maskedPaths: readonly string[]
  readonly readonlyPaths: readonly string[]
}

export interface OciMapping {
  readonly containerID: number
  readonly hostID: number
  readonly size: number
}

/** The configuration of one command. In a user namespace it reads the flags of the sources of bind mounts. */
export function ociConfig(command: SandboxCommand, settings: OciSettings): OciConfig {
  const { namespaces, compiledFilter } = settings
  return {
    ociVersion: '1.0.2',
    process: ociProcess(command, settings),
    root: { path: command.root, readonly: false },
    hostname: command.hostname,
    mounts: ociMounts(command, namespaces),
    linux: {
      namespaces: namespaceTypes(command, namespaces).map((type) => ({ type })),
      ...ownIds(command, namespaces),
      ...(settings.cgroups ? { resources: resources(command) } : {}),
      ...(command.insecure ? {} : { seccomp: seccompProfile(commandCapabilities(command, settings), settings.arch) }),
      maskedPaths: command.insecure ? [] : MASKED_PATHS.filter((path) => isMaskedHere(path, namespaces)),
      readonlyPaths: command.insecure ? [] : READONLY_PATHS.filter((path) => isMaskedHere(path, namespaces)),
    },
    // An annotation of crun, which spends most of its time compiling the profile. A crun without it compiles.
    ...(compiledFilter === undefined || command.insecure
      ? {}
      : { annotations: { 'run.oci.seccomp_bpf_data': compiledFilter } }),
  }
}

function ociProcess(command: SandboxCommand, settings: OciSettings): OciProcess {
  const { user, args, env, cwd, resourceLimits } = command
  const single = settings.namespaces.mapping === 'single'
  const names = commandCapabilities(command, settings)
  const inherited = command.insecure ? { inheritable: names, ambient: names } : {}
  return {
    terminal: false,
    // setgroups(2) is forbidden in a user namespace with one id.
    user: { uid: user.uid, gid: user.gid, ...(single ? {} : { additionalGids: user.groups }) },
    args,
    env,
    cwd,
    capabilities: { bounding: names, effective: names, permitted: names, ...inherited },
    rlimits: resourceLimits.map(({ name, soft, hard }) => ({ type: `RLIMIT_${name.toUpperCase()}`, soft, hard })),
    noNewPrivileges: false,
  }
}

function commandCapabilities({ insecure }: SandboxCommand, { capabilities }: OciSettings): readonly string[] {
  return availableCapabilities(insecure ? ALL_CAPABILITIES : DEFAULT_CAPABILITIES, capabilities)
}

function namespaceTypes(command: SandboxCommand, namespaces: WorkerNamespaces): readonly string[] {
  return [
    'mount',
    'uts',
    'ipc',
    ...(namespaces.processes ? ['pid'] : []),
    ...networkNone('oci', command),
    ...(isOtherUser(command.user, namespaces) ? ['user'] : []),
    // On cgroup v1 a cgroup namespace fails if a hierarchy is mounted in an unusual way.
    ...(existsSync('/sys/fs/cgroup/cgroup.subtree_control') ? ['cgroup'] : []),
  ]
}

/**
 * The only id of a user namespace is root's. For another user it gets that user's number, in a user namespace within.
 */
function ownIds({ user }: SandboxCommand, namespaces: WorkerNamespaces): Pick<OciLinux, 'uidMappings' | 'gidMappings'> {
  if (!isOtherUser(user, namespaces)) return {}
  const map = (id: number): readonly OciMapping[] => [{ containerID: id, hostID: 0, size: 1 }]
  return { uidMappings: map(user.uid), gidMappings: map(user.gid) }
}

function isOtherUser(user: SandboxCommand['user'], namespaces: WorkerNamespaces): boolean {
  return namespaces.mapping === 'single' && (user.uid !== 0 || user.gid !== 0)
}

/** `linux.resources`: the control group of devices, and limits. */
function resources({ insecure, controlLimits }: SandboxCommand): Readonly<Record<string, unknown>> {
  const devices = insecure
    ? ['c', 'b'].map((type) => ({ allow: true, type, access: 'rwm' }))
    : // The runtime itself allows the harmless devices (null, zero, …).
      [{ allow: false, access: 'rwm' }]
  return { devices, ...limits(controlLimits) }
}

function limits(asked: ControlLimits): Readonly<Record<string, unknown>> {
  const memory = defined({ limit: asked.memory, swap: asked.memorySwap })
  const cpu = defined({
    shares: asked.cpuShares,
    period: asked.cpuPeriod,
    quota: asked.cpuQuota,
    cpus: asked.cpusetCpus,
    mems: asked.cpusetMems,
  })
  return defined({ memory, cpu }) ?? {}
}

/** The fields that have a value; undefined if none has. */
function defined(fields: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> | undefined {
  const kept = Object.entries(fields).filter(([, value]) => value !== undefined)
  return kept.length > 0 ? Object.fromEntries(kept) : undefined
}

/** A /proc that is bound from the host keeps the host's masks: only a new one gets masks here. */
function isMaskedHere(path: string, namespaces: WorkerNamespaces): boolean {
  return namespaces.processes || !path.startsWith('/proc/')
}
