// Chooses how the owners of a step's files are recorded.
import type { Backend, WorkerNamespaces } from '../types.ts'
import { createAssumedOwnership } from './assumed-ownership.ts'
import { createDiskOwnership } from './disk-ownership.ts'
import { canUseFakeroot, createFakerootOwnership, type FakerootParts } from './fakeroot-ownership.ts'
import { createHelperOwnership } from './helper-ownership.ts'
import type { OwnershipMethod } from './ownership-method.ts'

export interface OwnershipOptions {
  readonly namespaces: WorkerNamespaces
  readonly backend: Backend
  /** Whether the back-end is the native helper and can answer system calls about owners here. */
  readonly helper: boolean
  /** Whether the worker can set `security.capability` where the roots are. */
  readonly realCapabilities: boolean
  /** The files of fakeroot; undefined if it is not installed. */
  readonly fakeroot: FakerootParts | undefined
}

/** The best method for a step in this root: the disk, the helper's table, fakeroot, or assumptions. */
export function chooseOwnershipMethod(root: string, options: OwnershipOptions): OwnershipMethod {
  const { namespaces, backend, helper, realCapabilities, fakeroot } = options
  if (namespaces.mapping === 'root' || namespaces.mapping === 'multiple') return createDiskOwnership()
  if (helper) return createHelperOwnership({ realCapabilities })
  if (fakeroot && backend.features.mounts && canUseFakeroot(root)) return createFakerootOwnership(fakeroot)
  return createAssumedOwnership()
}
