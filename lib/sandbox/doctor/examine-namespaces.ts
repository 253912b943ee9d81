// What works in a namespaces, asked from within it.
import { attempt, probeEnvironment } from '../attempt.ts'
import { examineBackends } from '../backends/choose-backend.ts'
import { hideCgroupV2 } from '../mount/hide-cgroup-v2.ts'
import type { Mounter } from '../mount/mounter.ts'
import { openMounter } from '../mount/open-mounter.ts'
import { probeOverlay } from '../mount/probe-overlay.ts'
import type { BackendFeatures, Isolation, Probe, WorkerNamespaces } from '../types.ts'

/** A back-end that runs commands. */
export interface WorkingBackend {
  readonly isolation: Isolation
  /** `runc 1.1.5` */
  readonly program: string
  readonly features: BackendFeatures
}

export interface NamespaceFindings {
  /** Best first: the first is the one that builds get. */
  readonly backends: readonly WorkingBackend[]
  readonly backendProbes: readonly Probe[]
  /** Whether layers can be stacked in the store. */
  readonly overlay: Probe
  /** Whether fakeroot is there, which keeps owners that the disk can't. */
  readonly fakeroot: Probe
}

/** To be asked in a process in the namespaces. Leaves nothing in `directory`. */
export async function examineNamespaces(directory: string, namespaces: WorkerNamespaces): Promise<NamespaceFindings> {
  const mounter = namespaces.mounts ? await openMounter() : undefined
  if (mounter) await hideCgroupV2(mounter)
  const { backends, probes } = await examineBackends(directory, namespaces)
  const overlay = await overlayIn(directory, namespaces, mounter)
  mounter?.close()
  const found = await attempt(['fakeroot', '--version'], { env: probeEnvironment() })
  return {
    backends: backends.map(({ isolation, program, features }) => ({ isolation, program, features })),
    backendProbes: probes,
    overlay,
    fakeroot: found.ok
      ? { name: 'fakeroot', ok: true, detail: found.output }
      : { name: 'fakeroot', ok: false, detail: found.message, remedy: 'install the package fakeroot' },
  }
}

async function overlayIn(
  directory: string,
  namespaces: WorkerNamespaces,
  mounter: Mounter | undefined,
): Promise<Probe> {
  if (mounter) return probeOverlay(directory, namespaces.mapping !== 'root', mounter)
  const detail = 'needs a mount namespace: steps run one after another in one root'
  return { name: 'overlayfs in the store', ok: false, detail }
}
