// The doctor's report: what this environment lets a build do, why not more, and what would help.
import { mkdtempSync, rmSync } from 'node:fs'
import { release } from 'node:os'
import { join } from 'node:path'
import { TsbuildError } from '../../base/errors.ts'
import { moduleBeside } from '../../base/module-beside.ts'
import { attempt, probeEnvironment } from '../attempt.ts'
import { findNamespaces } from '../namespaces/find-namespaces.ts'
import { type EnvironmentKind, readHostFacts } from '../namespaces/host-facts.ts'
import type { IdMapping, Isolation, Probe, WorkerNamespaces } from '../types.ts'
import { type Advice, adviceFor } from './advice.ts'
import { examineNamespaces, type NamespaceFindings, type WorkingBackend } from './examine-namespaces.ts'

/** The report, as plain data that JSON can carry. */
export interface DoctorReport {
  readonly system: SystemReport
  /** The namespaces that builds run their commands in. */
  readonly place: Pick<WorkerNamespaces, 'mapping' | 'mounts' | 'processes'>
  /** The back-end that a build gets with `--isolation=auto`; undefined if RUN doesn't work here. */
  readonly isolation: Isolation | undefined
  readonly program: string | undefined
  /** The back-ends that work, strongest first. */
  readonly backends: readonly WorkingBackend[]
  readonly ownership: OwnershipReport
  /** Everything that was tried, in order. */
  readonly probes: readonly DoctorProbe[]
  /** Changes of the environment that would allow more, if any are known. */
  readonly advice: readonly Advice[]
}

export interface SystemReport {
  readonly platform: string
  readonly arch: string
  readonly kernel: string
  readonly node: string
  readonly uid: number | undefined
  /** The kind of environment that the process seems to run in. */
  readonly habitat: EnvironmentKind
  readonly seccomp: boolean
  readonly noNewPrivileges: boolean
  readonly apparmor: string | undefined
}

export interface OwnershipReport {
  /**
   * How the owners of files are kept. `native`: on disk. `helper`: recorded beside it. `assumed`: changes by a command
   * are lost, with a warning.
   */
  readonly kind: 'native' | 'helper' | 'assumed'
  readonly detail: string
}

export interface DoctorProbe extends Probe {
  /** `place`: the namespaces that the worker gets. */
  readonly about: 'place' | 'back-end' | 'store' | 'ownership'
}

/**
 * Tries every way to run commands and makes the report. `directory` should be where builds run theirs, on the disk of
 * the store; nothing stays in it. Errors with `STORE_IO` if the directory can't be written.
 *
 * @example
 * ```ts
 * import { tmpdir } from 'node:os'
 * import { examine } from '@tsbuild/tsbuild'
 *
 * const report = await examine(tmpdir())
 * console.log(report.isolation ?? 'nothing can run commands here')
 * ```
 */
export async function examine(directory: string): Promise<DoctorReport> {
  const facts = readHostFacts()
  const { namespaces, probes } = await findNamespaces()
  const scratch = scratchIn(directory)
  try {
    const findings = await examineIn(scratch, namespaces)
    const [best] = findings.backends
    return {
      system: {
        platform: process.platform,
        arch: process.arch,
        kernel: release(),
        node: process.versions.node,
        uid: facts.uid,
        habitat: facts.environmentKind,
        seccomp: facts.seccomp,
        noNewPrivileges: facts.noNewPrivileges,
        apparmor: facts.apparmor,
      },
      place: { mapping: namespaces.mapping, mounts: namespaces.mounts, processes: namespaces.processes },
      isolation: best?.isolation,
      program: best?.program,
      backends: findings.backends,
      ownership: ownershipIn(namespaces.mapping, findings),
      probes: [
        ...probes.map(({ cause: _, ...probe }) => ({ ...probe, about: 'place' as const })),
        ...findings.backendProbes.map((probe) => ({ ...probe, about: 'back-end' as const })),
        { ...findings.overlay, about: 'store' },
        ...(findings.ownership ? [{ ...findings.ownership, about: 'ownership' as const }] : []),
      ],
      advice: adviceFor(
        probes.flatMap(({ cause }) => cause ?? []),
        facts,
      ),
    }
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
}

function scratchIn(directory: string): string {
  try {
    return mkdtempSync(join(directory, 'doctor-'))
  } catch (cause) {
    throw new TsbuildError('STORE_IO', `cannot write in ${JSON.stringify(directory)}`, { cause })
  }
}

/** Examines the namespaces from within them: in a process of its own, whose end removes them. */
async function examineIn(directory: string, namespaces: WorkerNamespaces): Promise<NamespaceFindings> {
  if (namespaces.launcher.length === 0) return examineNamespaces(directory, namespaces)
  const program = moduleBeside('examine-main', import.meta.url)
  const argv = [
    ...namespaces.launcher,
    process.execPath,
    ...process.execArgv,
    program,
    directory,
    JSON.stringify(namespaces),
  ]
  const settings = ['TSBUILD_SANDBOX_HELPER', 'TSBUILD_PROOT'].map((name) => [name, process.env[name]] as const)
  const env = Object.assign(
    {},
    probeEnvironment(),
    Object.fromEntries(settings.filter(([, value]) => value !== undefined)),
  )
  const tried = await attempt(argv, { timeout: 90_000, env })
  if (tried.ok) return JSON.parse(tried.output) as NamespaceFindings
  const failed = (name: string): Probe => ({ name, ok: false, detail: tried.message })
  return {
    backends: [],
    backendProbes: [failed('a process in the namespaces')],
    overlay: failed('overlayfs in the store'),
    ownership: undefined,
  }
}

function ownershipIn(mapping: IdMapping, { backends, ownership }: NamespaceFindings): OwnershipReport {
  if (mapping === 'root' || mapping === 'multiple') {
    return { kind: 'native', detail: 'files on disk have the owners that commands give them' }
  }
  const answers = ownership?.ok && backends.some(({ program }) => program.startsWith('tsbuild-sandbox'))
  if (answers || backends.some(({ isolation }) => isolation === 'virtual')) {
    return { kind: 'helper', detail: 'the helper records the owners that commands give files, of static programs too' }
  }
  return {
    kind: 'assumed',
    detail: 'owners that commands give files are lost: builds warn, and --strict-ownership refuses them',
  }
}
