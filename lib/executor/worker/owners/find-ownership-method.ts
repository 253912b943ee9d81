// Probes by which method a worker can record the owners of files.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { writeFileCapabilities } from '../../../sandbox/native/file-capabilities.ts'
import { findHelper } from '../../../sandbox/native/find-helper.ts'
import { probeHelper } from '../../../sandbox/native/probe-helper.ts'
import { chooseOwnershipMethod } from '../../../sandbox/ownership/choose-ownership-method.ts'
import type { OwnershipMethod } from '../../../sandbox/ownership/ownership-method.ts'
import type { Backend, WorkerNamespaces } from '../../../sandbox/types.ts'

/** The best ownership method that works with a back-end. `directory` is an empty one on the disk of the roots. */
export async function findOwnershipMethod(
  namespaces: WorkerNamespaces,
  backend: Backend,
  directory: string,
): Promise<OwnershipMethod> {
  const onDisk = namespaces.mapping === 'root'
  const path = onDisk || !backend.program.startsWith('tsbuild-sandbox') ? undefined : findHelper()
  // A virtual root has passed its trial, which virtual owners are a part of.
  const helper = path !== undefined && (backend.isolation === 'virtual' || (await probeHelper(path)).ownership)
  const realCapabilities =
    namespaces.mapping === 'multiple' || (path !== undefined && canSetCapability(path, directory))
  return chooseOwnershipMethod({ namespaces, backend, helper, realCapabilities })
}

// cap_net_raw=ep, in revision 2 of the kernel's linux/capability.h.
const SOME_CAPABILITY = Buffer.from('0100000200200000000000000000000000000000', 'hex')

function canSetCapability(helper: string, directory: string): boolean {
  writeFileSync(join(directory, 'capability'), '')
  return writeFileCapabilities(helper, directory, [{ path: 'capability', value: SOME_CAPABILITY }]).length === 0
}
