// Examines, from within the worker's namespaces, what works there.
import { attempt, probeEnvironment } from '../attempt.ts'
import { examineBackends } from '../backends/choose-backend.ts'
import { hideCgroupV2 } from '../mount/hide-cgroup-v2.ts'
import type { Mounter } from '../mount/mounter.ts'
import { openMounter } from '../mount/open-mounter.ts'
import { probeOverlay } from '../mount/probe-overlay.ts'
import type { BackendFeatures, Isolation, Probe, WorkerNamespaces } from '../types.ts'

/** A back-end that runs commands here. */
export interface WorkingBackend {
  readonly isolation: Isolation
  /** For example `runc 1.1.5`. */
  readonly program: string
  readonly features: BackendFeatures
}

export interface NamespaceFindings {
  /** Best first: builds get the first one. */
  readonly backends: readonly WorkingBackend[]
  readonly backendProbes: readonly Probe[]
  /** Whether overlayfs can stack layers in the store. */
  readonly overlay: Probe
  /** Whether fakeroot is installed, which records owners that the disk can't have. */
  readonly fakeroot: Probe
}

/** Call it in a process in the namespaces. Leaves nothing in `directory`. */
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
  if (mounter) return probeOverlay(directory, mounter, { userxattr: namespaces.mapping !== 'root' })
  const detail = 'needs a mount namespace: steps run one after another in one root'
  return { name: 'overlayfs in the store', ok: false, detail }
}
