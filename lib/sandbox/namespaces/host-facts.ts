// Facts about this process and its system that decide what a sandbox may do. The remedies and the doctor's advice are
// made from them.
import { existsSync, readFileSync } from 'node:fs'

export interface HostFacts {
  /** Undefined where there are no user ids (Windows). */
  readonly uid: number | undefined
  /** The effective capabilities as a bit set; see capabilities(7). */
  readonly capabilities: bigint
  readonly noNewPrivileges: boolean
  /** Whether a seccomp filter is in force. */
  readonly seccomp: boolean
  /** The AppArmor profile of this process, undefined where there is none in force. */
  readonly apparmor: string | undefined
  /** The values of the sysctls that can forbid user namespaces; undefined where the kernel lacks the sysctl. */
  readonly maxUserNamespaces: number | undefined
  readonly unprivilegedUserns: number | undefined
  readonly apparmorRestrictsUserns: number | undefined
  /** How many user ids are mapped in this process's user namespace. */
  readonly mappedIds: number
  /** Whether this process is in the machine's initial user namespace. */
  readonly initialUserns: boolean
  /** The kind of environment that the process runs in, as far as that can be found out. */
  readonly environmentKind: EnvironmentKind
}

/** `machine` if nothing shows a container; `container` if nothing shows whose it is. */
export type EnvironmentKind = 'kubernetes' | 'gitlab' | 'github' | 'container' | 'machine'

/**
 * Reads /proc and the environment variables; a fact that can't be read counts as absent. Takes well under a
 * millisecond.
 */
export function readHostFacts(): HostFacts {
  const status = read('/proc/self/status') ?? ''
  const field = (name: string): string | undefined => new RegExp(`^${name}:\\s*(\\S+)`, 'm').exec(status)?.[1]
  const map = parseIdMap(read('/proc/self/uid_map') ?? '')
  const profile = read('/proc/self/attr/current')?.replaceAll('\0', '').trim()
  return {
    uid: process.geteuid?.(),
    capabilities: BigInt(`0x${field('CapEff') ?? '0'}`),
    noNewPrivileges: field('NoNewPrivs') === '1',
    seccomp: field('Seccomp') === '2',
    apparmor: profile === undefined || profile === '' || profile.startsWith('unconfined') ? undefined : profile,
    maxUserNamespaces: readNumber('/proc/sys/user/max_user_namespaces'),
    unprivilegedUserns: readNumber('/proc/sys/kernel/unprivileged_userns_clone'),
    apparmorRestrictsUserns: readNumber('/proc/sys/kernel/apparmor_restrict_unprivileged_userns'),
    mappedIds: map.reduce((sum, { count }) => sum + count, 0),
    initialUserns: map.length === 1 && map[0]?.inside === 0 && map[0].outside === 0 && map[0].count === 0xffffffff,
    environmentKind: environmentKindOf(process.env),
  }
}

export interface IdRange {
  readonly inside: number
  readonly outside: number
  readonly count: number
}

/** The ranges of a `uid_map` or `gid_map`; see user_namespaces(7). */
export function parseIdMap(text: string): readonly IdRange[] {
  const lines = text.matchAll(/^\s*(\d+)\s+(\d+)\s+(\d+)\s*$/gm)
  return [...lines].map(([, inside, outside, count]) => ({
    inside: Number(inside),
    outside: Number(outside),
    count: Number(count),
  }))
}

function environmentKindOf(env: Readonly<Record<string, string | undefined>>): EnvironmentKind {
  if (env['GITLAB_CI']) return 'gitlab'
  if (env['GITHUB_ACTIONS']) return 'github'
  if (env['KUBERNETES_SERVICE_HOST']) return 'kubernetes'
  return existsSync('/.dockerenv') || existsSync('/run/.containerenv') || env['container'] ? 'container' : 'machine'
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

function readNumber(path: string): number | undefined {
  const text = read(path)?.trim()
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined
}
