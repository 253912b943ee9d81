// Which namespaces the process that runs commands can be put into.
import { type Attempt, attempt } from '../attempt.ts'
import type { IdMapping, WorkerNamespaces } from '../types.ts'
import { type HostFacts, hasCapability, parseIdMap, readHostFacts } from './host-facts.ts'
import { withSameIds, withSubordinateIds } from './id-mapping.ts'
import { type NamespaceProbe, refused, remedyOf } from './refused-namespaces.ts'

/**
 * The best place that this process can start a worker in, and what was tried before it was found. To be asked in the builder, outside
 * of any place. Each try starts something tiny; the first that works ends the search, so that it takes a few milliseconds where
 * nothing is restricted. Never rejects: the last place is the one where the process is already.
 */
export async function findNamespaces(): Promise<{ namespaces: WorkerNamespaces; probes: readonly NamespaceProbe[] }> {
  const probes: NamespaceProbe[] = []
  if (process.platform !== 'linux') {
    const remedy = 'build where there is a Linux kernel: in a virtual machine, in WSL 2, in a container'
    probes.push({ name: 'Linux', ok: false, detail: `RUN needs Linux, this is ${process.platform}`, remedy })
    return { namespaces: plainPlace('none'), probes }
  }
  const surroundings = readHostFacts()
  for (const way of waysInto(surroundings)) {
    const found = await tryWay(way, surroundings, probes)
    if (found) return { namespaces: found, probes }
  }
  const namespaces = plainPlace(ownMapping(surroundings))
  const whose = namespaces.mapping === 'none' ? 'files belong to the one user that builds' : 'files get their owners'
  probes.push({ name: 'no namespace', ok: true, detail: `commands share the builder's mounts and processes; ${whose}` })
  return { namespaces, probes }
}

/** One way into namespaces. */
interface Way {
  readonly name: string
  readonly mapping: IdMapping
  /** Words that make the command after them run in the namespaces; options of unshare may follow them. */
  readonly enter: readonly string[]
}

const MOUNTS = ['-m', '--propagation', 'private']
/** unshare waits outside; if it is killed, so is the first process inside, and with it all of the namespace. */
const PROCESSES = ['-p', '-f', '--kill-child', '--mount-proc']

/** Best first. */
function waysInto(surroundings: HostFacts): readonly Way[] {
  const own = ownMapping(surroundings)
  if (surroundings.uid !== 0) return [SUBORDINATE_WAY, SINGLE_WAY]
  const ways: Way[] = [{ name: 'mount namespace', mapping: own, enter: ['unshare', ...MOUNTS] }]
  if (own === 'none') return [...ways, SINGLE_WAY]
  // Root may map every id, so also where it may not mount, a namespace of its own has them all.
  const enter = [...withSameIds(surroundings.mappedIds), 'unshare', ...MOUNTS]
  const mapping = own === 'single' ? 'single' : 'multiple'
  return [...ways, { name: "user namespace with root's ids", mapping, enter }]
}

const SUBORDINATE_WAY: Way = {
  name: 'user namespace with subordinate ids',
  mapping: 'multiple',
  enter: ['unshare', '-U', '--map-auto', '--map-root-user', ...MOUNTS],
}

const SINGLE_WAY: Way = {
  name: 'user namespace with one id',
  mapping: 'single',
  enter: ['unshare', '-U', '-r', ...MOUNTS],
}

async function tryWay(
  way: Way,
  surroundings: HostFacts,
  probes: NamespaceProbe[],
): Promise<WorkerNamespaces | undefined> {
  let current = way
  let tried = await enter(current, PROCESSES)
  if (isUnknownOption(tried, '--map-auto')) {
    const words = withSubordinateIds(surroundings.uid ?? 0, process.getegid?.() ?? 0)
    if (words) {
      current = { ...way, enter: [...words, 'unshare', ...MOUNTS] }
      tried = await enter(current, PROCESSES)
    } else {
      tried = { ...tried, message: 'no subordinate ids for this user in /etc/subuid and /etc/subgid', errno: undefined }
    }
  }
  if (tried.ok) return found(current, tried, true, probes)
  if (!isProcRefused(tried)) {
    probes.push(refused(way.name, way.mapping, tried, surroundings))
    return undefined
  }
  const without = await enter(current, [])
  if (!without.ok) {
    probes.push(refused(way.name, way.mapping, without, surroundings))
    return undefined
  }
  const cause = 'masked-proc'
  const remedy = remedyOf(cause, surroundings)
  probes.push({ name: 'process id namespace', ok: false, detail: tried.message, remedy, cause })
  return found(current, without, false, probes)
}

function enter(way: Way, more: readonly string[]): Promise<Attempt> {
  return attempt([...way.enter, ...more, 'cat', '/proc/self/uid_map'])
}

function found(way: Way, tried: Attempt, processes: boolean, probes: NamespaceProbe[]): WorkerNamespaces {
  const gives = [
    way.mapping === 'root' ? 'all ids' : idsIn(tried.output),
    'mounts of its own',
    processes ? 'process ids of its own' : 'process ids shared with the builder',
  ]
  probes.push({ name: way.name, ok: true, detail: gives.join(', ') })
  return { mapping: way.mapping, mounts: true, processes, launcher: [...way.enter, ...(processes ? PROCESSES : [])] }
}

function idsIn(map: string): string {
  const ranges = parseIdMap(map).map(({ inside, count }) => ({ first: inside, last: inside + count - 1 }))
  const last = Math.max(0, ...ranges.map((range) => range.last))
  return last === 0 ? 'one id' : `ids 0 to ${last}`
}

function isUnknownOption({ message: words }: Attempt, option: string): boolean {
  return words.includes(`unrecognized option '${option}'`) || words.includes(`unrecognized option: ${option.slice(2)}`)
}

/** A container that hides parts of /proc may not mount one that would show them: mount_too_revealing() in the kernel. */
function isProcRefused({ message: words }: Attempt): boolean {
  return /mount \/proc failed|mounting \/proc|can't mount .*\/proc/i.test(words)
}

/** What ids are where the process is now, given that it can do with them what root does. */
function ownMapping(surroundings: HostFacts): IdMapping {
  const all = (['chown', 'dacOverride', 'fowner', 'setuid', 'setgid'] as const).every((name) =>
    hasCapability(surroundings, name),
  )
  if (surroundings.uid !== 0 || !all) return 'none'
  if (surroundings.initialUserns) return 'root'
  return surroundings.mappedIds > 1 ? 'multiple' : 'single'
}

function plainPlace(mapping: IdMapping): WorkerNamespaces {
  return { mapping, mounts: false, processes: false, launcher: [] }
}
