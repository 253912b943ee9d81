// Chooses how the owners of a worker's files are recorded.
import type { Backend, WorkerNamespaces } from '../types.ts'
import { createAssumedOwnership } from './assumed-ownership.ts'
import { createDiskOwnership } from './disk-ownership.ts'
import { createHelperOwnership } from './helper-ownership.ts'
import type { OwnershipMethod } from './ownership-method.ts'

export interface OwnershipOptions {
  readonly namespaces: Pick<WorkerNamespaces, 'mapping'>
  readonly backend: Pick<Backend, 'isolation'>
  /** Whether the back-end is the native helper and can answer system calls about owners here. */
  readonly helper: boolean
  /** Whether the worker can set `security.capability` where the roots are. */
  readonly realCapabilities: boolean
}

/** The best method: the disk, the helper's table, both, or assumptions. */
export function chooseOwnershipMethod(options: OwnershipOptions): OwnershipMethod {
  const { namespaces, backend, helper, realCapabilities } = options
  // Root of a user namespace lacks what the kernel grants the machine's root alone: device nodes, for one.
  const realOwners = namespaces.mapping === 'multiple'
  if (namespaces.mapping === 'root' || (realOwners && !helper)) return createDiskOwnership()
  if (!helper) return createAssumedOwnership()
  return createHelperOwnership({ realOwners, realCapabilities, virtualRoot: backend.isolation === 'virtual' })
}
