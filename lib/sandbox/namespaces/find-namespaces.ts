// Finds the namespaces that the process which runs commands (the worker) can be put into.
import { type Attempt, attempt } from '../attempt.ts'
import { hasCapability } from '../restrictions/capabilities.ts'
import type { IdMapping, WorkerNamespaces } from '../types.ts'
import { type HostFacts, parseIdMap, readHostFacts } from './host-facts.ts'
import { withSameIds, withSubordinateIds } from './id-mapping.ts'
import { type NamespaceProbe, refused, remedyOf } from './refused-namespaces.ts'

export interface FoundNamespaces {
  readonly namespaces: WorkerNamespaces
  /** Everything that was tried, in order. */
  readonly probes: readonly NamespaceProbe[]
}

/**
 * Finds the best namespaces that this process can start a worker in. Call it in the builder, which is in none of
 * them. Each try starts something tiny, and the first that works ends the search: a few milliseconds where nothing is
 * restricted. Never rejects: the last resort is to start the worker without new namespaces.
 */
export async function findNamespaces(): Promise<FoundNamespaces> {
  const probes: NamespaceProbe[] = []
  if (process.platform !== 'linux') {
    const remedy = 'build where there is a Linux kernel: in a virtual machine, in WSL 2, in a container'
    probes.push({ name: 'Linux', ok: false, detail: `RUN needs Linux, this is ${process.platform}`, remedy })
    return { namespaces: noNamespaces('none'), probes }
  }
  const facts = readHostFacts()
  for (const candidate of candidatesFor(facts)) {
    const tried = await tryCandidate(candidate, facts)
    probes.push(...tried.probes)
    if (tried.namespaces) return { namespaces: tried.namespaces, probes }
  }
  const namespaces = noNamespaces(ownMapping(facts))
  const whose = namespaces.mapping === 'none' ? 'files belong to the one user that builds' : 'files get their owners'
  probes.push({ name: 'no namespace', ok: true, detail: `commands share the builder's mounts and processes; ${whose}` })
  return { namespaces, probes }
}

/** Namespaces to be tried. */
interface Candidate {
  readonly name: string
  readonly mapping: IdMapping
  /** The arguments that make the command after them run in the namespaces. Options of unshare may follow. */
  readonly enter: readonly string[]
}

const MOUNTS = ['-m', '--propagation', 'private']
/** unshare waits outside. If it is killed, the first process inside is killed too, and with it the whole namespace. */
const PROCESSES = ['-p', '-f', '--kill-child', '--mount-proc']

/** The candidates, best first. */
function candidatesFor(facts: HostFacts): readonly Candidate[] {
  const own = ownMapping(facts)
  if (facts.uid !== 0) return [SUBORDINATE_IDS, ONE_ID]
  const candidates: Candidate[] = [{ name: 'mount namespace', mapping: own, enter: ['unshare', ...MOUNTS] }]
  if (own === 'none') return [...candidates, ONE_ID]
  // Root may map every id, so that a user namespace has them all, even where root may not mount.
  const enter = [...withSameIds(facts.mappedIds), 'unshare', ...MOUNTS]
  const mapping = own === 'single' ? 'single' : 'multiple'
  return [...candidates, { name: "user namespace with root's ids", mapping, enter }]
}

const SUBORDINATE_IDS: Candidate = {
  name: 'user namespace with subordinate ids',
  mapping: 'multiple',
  enter: ['unshare', '-U', '--map-auto', '--map-root-user', ...MOUNTS],
}

const ONE_ID: Candidate = {
  name: 'user namespace with one id',
  mapping: 'single',
  enter: ['unshare', '-U', '-r', ...MOUNTS],
}

interface TriedCandidate {
  /** Undefined if they were refused. */
  readonly namespaces?: WorkerNamespaces
  readonly probes: readonly NamespaceProbe[]
}

/** Tries a candidate with a process id namespace, and without one where a new /proc is refused. */
async function tryCandidate(candidate: Candidate, facts: HostFacts): Promise<TriedCandidate> {
  let current = candidate
  let tried = await enter(current, PROCESSES)
  if (isUnknownOption(tried, '--map-auto')) {
    const mapIds = withSubordinateIds(facts.uid ?? 0, process.getegid?.() ?? 0)
    if (mapIds) {
      current = { ...candidate, enter: [...mapIds, 'unshare', ...MOUNTS] }
      tried = await enter(current, PROCESSES)
    } else {
      tried = { ...tried, message: 'no subordinate ids for this user in /etc/subuid and /etc/subgid', errno: undefined }
    }
  }
  if (tried.ok) return entered(current, tried, { processes: true })
  if (!isProcRefused(tried)) return { probes: [refused(candidate, tried, facts)] }
  const without = await enter(current, [])
  if (!without.ok) return { probes: [refused(candidate, without, facts)] }
  const cause = 'masked-proc'
  const probe = {
    name: 'process id namespace',
    ok: false,
    detail: tried.message,
    remedy: remedyOf(cause, facts),
    cause,
  } as const
  const { namespaces, probes } = entered(current, without, { processes: false })
  return { namespaces, probes: [probe, ...probes] }
}

function enter(candidate: Candidate, more: readonly string[]): Promise<Attempt> {
  return attempt([...candidate.enter, ...more, 'cat', '/proc/self/uid_map'])
}

function entered(
  { name, mapping, enter }: Candidate,
  { output }: Attempt,
  { processes }: { readonly processes: boolean },
): Required<TriedCandidate> {
  const detail = [
    mapping === 'root' ? 'all ids' : idsIn(output),
    'mounts of its own',
    processes ? 'process ids of its own' : 'process ids shared with the builder',
  ].join(', ')
  const launcher = [...enter, ...(processes ? PROCESSES : [])]
  return { namespaces: { mapping, mounts: true, processes, launcher }, probes: [{ name, ok: true, detail }] }
}

function idsIn(map: string): string {
  const last = Math.max(0, ...parseIdMap(map).map(({ inside, count }) => inside + count - 1))
  return last === 0 ? 'one id' : `ids 0 to ${last}`
}

function isUnknownOption({ message }: Attempt, option: string): boolean {
  return (
    message.includes(`unrecognized option '${option}'`) || message.includes(`unrecognized option: ${option.slice(2)}`)
  )
}

/**
 * A container with masked parts of /proc may not mount a new /proc, which would show them: mount_too_revealing() in
 * the kernel.
 */
function isProcRefused({ message }: Attempt): boolean {
  return /mount \/proc failed|mounting \/proc|can't mount .*\/proc/i.test(message)
}

const ROOT_CAPABILITIES = ['CAP_CHOWN', 'CAP_DAC_OVERRIDE', 'CAP_FOWNER', 'CAP_SETUID', 'CAP_SETGID']

/** The ids that this process has without new namespaces, if it has the capabilities to use them as root does. */
function ownMapping({ uid, capabilities, initialUserns, mappedIds }: HostFacts): IdMapping {
  if (uid !== 0 || !ROOT_CAPABILITIES.every((name) => hasCapability(capabilities, name))) return 'none'
  if (initialUserns) return 'root'
  return mappedIds > 1 ? 'multiple' : 'single'
}

function noNamespaces(mapping: IdMapping): WorkerNamespaces {
  return { mapping, mounts: false, processes: false, launcher: [] }
}
