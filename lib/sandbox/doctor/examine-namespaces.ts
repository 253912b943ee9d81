// Examines, from within the worker's namespaces, what works there.
import { examineBackends } from '../backends/choose-backend.ts'
import { hideCgroupV2 } from '../mount/hide-cgroup-v2.ts'
import type { Mounter } from '../mount/mounter.ts'
import { openMounter } from '../mount/open-mounter.ts'
import { probeOverlay } from '../mount/probe-overlay.ts'
import { findHelper } from '../native/find-helper.ts'
import { probeHelper, VIRTUAL_OWNERS } from '../native/probe-helper.ts'
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
  /** Whether the helper can answer system calls about owners; undefined without a helper, or if the disk has them. */
  readonly ownership: Probe | undefined
}

/** Call it in a process in the namespaces. Leaves nothing in `directory`. */
export async function examineNamespaces(directory: string, namespaces: WorkerNamespaces): Promise<NamespaceFindings> {
  const mounter = namespaces.mounts ? await openMounter() : undefined
  if (mounter) await hideCgroupV2(mounter)
  const { backends, probes } = await examineBackends(directory, namespaces)
  const overlay = await overlayIn(directory, namespaces, mounter)
  mounter?.close()
  const helper = namespaces.mapping === 'single' ? findHelper() : undefined
  const ownership =
    helper === undefined ? undefined : (await probeHelper(helper)).probes.find(({ name }) => name === VIRTUAL_OWNERS)
  return {
    backends: backends.map(({ isolation, program, features }) => ({ isolation, program, features })),
    backendProbes: probes,
    overlay,
    ownership,
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
