// Chooses the back-end of a build: tries each by running a tiny program in it, strongest first.
import { type Attempt, failedAttempt } from '../attempt.ts'
import { findHelper, HELPER } from '../native/find-helper.ts'
import { createNativeBackend } from '../native/native-backend.ts'
import { createVirtualBackend } from '../native/virtual-backend.ts'
import { type Candidate, ociCandidates } from '../oci/oci-candidates.ts'
import type { Backend, Isolation, Probe, WorkerNamespaces } from '../types.ts'
import { createUsernsBackend } from '../userns/userns-backend.ts'
import { backendRemedy } from './backend-remedies.ts'
import { createBwrapBackend } from './bwrap.ts'
import { createChrootBackend } from './chroot.ts'
import { createProotBackend } from './proot.ts'
import { rememberedBackend } from './remembered-backend.ts'
import { tryBackend } from './try-backend.ts'

/** All isolations, strongest first. */
export const ISOLATIONS: readonly Isolation[] = ['oci', 'bwrap', 'userns', 'chroot', 'virtual', 'proot']

export interface OpenedBackends {
  /** Best first; empty when none works. */
  readonly backends: readonly Backend[]
  readonly probes: readonly Probe[]
}

/**
 * The back-ends to run commands with: for `auto` the first that works, for a named isolation its first program that
 * works. Call it in the worker, in the worker's namespaces. Each back-end is tried in `directory`, which must exist
 * and should be where the root filesystems will be. The program that worked is remembered there and tried first the
 * next time. Never rejects.
 */
export async function chooseBackends(
  directory: string,
  namespaces: WorkerNamespaces,
  wanted: Isolation | 'auto',
): Promise<OpenedBackends> {
  const sources = sourcesOf(namespaces, wanted === 'auto' ? ISOLATIONS : [wanted])
  const names = sources.map(({ name }) => name)
  const memory = rememberedBackend(directory, namespaces, wanted, names)
  const known = sources.find(({ name }) => name === memory.recall())
  if (known) {
    const { backend, probe } = await trySource(known, directory, namespaces)
    if (backend) return { backends: [backend], probes: [probe] }
  }
  const probes: Probe[] = []
  if (sources.length === 0) probes.push({ name: wanted, ok: false, detail: 'this version has no such back-end' })
  for (const source of sources) {
    const { backend, probe } = await trySource(source, directory, namespaces)
    probes.push(probe)
    if (!backend) continue
    memory.remember(source.name)
    return { backends: [backend], probes }
  }
  return { backends: [], probes }
}

/** Tries all back-ends, for a report: those that work, and the probes of all. */
export async function examineBackends(directory: string, namespaces: WorkerNamespaces): Promise<OpenedBackends> {
  const results = []
  for (const source of sourcesOf(namespaces, ISOLATIONS)) results.push(await trySource(source, directory, namespaces))
  return { backends: results.flatMap(({ backend }) => backend ?? []), probes: results.map(({ probe }) => probe) }
}

/** A program, and the back-ends that it can be, best first; or the attempt that failed. */
interface Source {
  readonly isolation: Isolation
  readonly name: string
  candidates(namespaces: WorkerNamespaces): Promise<readonly Candidate[] | Attempt>
}

const SOURCES: readonly Source[] = [
  { isolation: 'oci', name: 'crun', candidates: (namespaces) => ociCandidates(namespaces, 'crun') },
  { isolation: 'oci', name: 'runc', candidates: (namespaces) => ociCandidates(namespaces, 'runc') },
  { isolation: 'bwrap', name: 'bwrap', candidates: (namespaces) => created(() => createBwrapBackend(namespaces)) },
  { isolation: 'userns', name: HELPER, candidates: (namespaces) => created(() => helperBackend(namespaces)) },
  { isolation: 'userns', name: 'unshare', candidates: (namespaces) => created(() => createUsernsBackend(namespaces)) },
  { isolation: 'chroot', name: 'chroot', candidates: () => created(() => createChrootBackend()) },
  { isolation: 'virtual', name: 'virtual root', candidates: (namespaces) => created(() => virtualBackend(namespaces)) },
  { isolation: 'proot', name: 'proot', candidates: (namespaces) => created(() => createProotBackend(namespaces)) },
]

/**
 * The programs to try, in order. In a user namespace the helper comes first: it alone records what the kernel refuses
 * there, such as owners where there is one id, and devices.
 */
function sourcesOf(namespaces: WorkerNamespaces, isolations: readonly Isolation[]): readonly Source[] {
  const sources = SOURCES.filter(({ isolation }) => isolations.includes(isolation))
  if (namespaces.mapping !== 'single' && namespaces.mapping !== 'multiple') return sources
  return [...sources.filter(({ name }) => name === HELPER), ...sources.filter(({ name }) => name !== HELPER)]
}

async function created(create: () => Backend): Promise<readonly Candidate[] | Attempt> {
  try {
    return [{ backend: create(), controlLimits: {} }]
  } catch (error) {
    return failedAttempt(error)
  }
}

function helperBackend(namespaces: WorkerNamespaces): Backend {
  const path = findHelper()
  if (path === undefined) throw new Error('the native helper is not installed')
  return createNativeBackend(namespaces, path)
}

function virtualBackend(namespaces: WorkerNamespaces): Backend {
  const path = findHelper()
  if (path === undefined) throw new Error('the native helper is not installed')
  return createVirtualBackend(namespaces, path)
}

interface Tried {
  readonly backend: Backend | undefined
  readonly probe: Probe
}

async function trySource(
  { name, candidates }: Source,
  directory: string,
  namespaces: WorkerNamespaces,
): Promise<Tried> {
  const found = await candidates(namespaces)
  if (!isList(found)) return { backend: undefined, probe: failure(name, found, namespaces) }
  let last: Attempt | undefined
  for (const { backend, controlLimits } of found) {
    last = await tryBackend(backend, directory, namespaces, controlLimits)
    if (last.ok) return { backend, probe: { name, ok: true, detail: `runs commands: ${backend.program}` } }
  }
  return { backend: undefined, probe: failure(name, last, namespaces) }
}

function failure(name: string, tried: Attempt | undefined, namespaces: WorkerNamespaces): Probe {
  const detail = tried?.message ?? 'there is none'
  return { name, ok: false, detail, remedy: tried && backendRemedy(name, tried, namespaces) }
}

function isList(found: readonly Candidate[] | Attempt): found is readonly Candidate[] {
  return Array.isArray(found)
}
