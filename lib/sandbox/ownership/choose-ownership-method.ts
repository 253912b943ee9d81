// Where a step's owners come from, by what there is.

import type { Backend, WorkerNamespaces } from '../types.ts'
import { createAssumedOwnership } from './assumed-ownership.ts'
import { createDiskOwnership } from './disk-ownership.ts'
import { canUseFakeroot, createFakerootOwnership, type FakerootParts } from './fakeroot-ownership.ts'
import { createHelperOwnership } from './helper-ownership.ts'
import type { OwnershipMethod } from './ownership-method.ts'

export interface OwnershipOptions {
  readonly namespaces: WorkerNamespaces
  readonly backend: Backend
  /** Whether the back-end is the native helper's and that can answer for owners here. */
  readonly helper: boolean
  /** Whether the worker can set `security.capability` where the roots are. */
  readonly realCapabilities: boolean
  /** What is needed for fakeroot, undefined where it is not installed. */
  readonly fakeroot: FakerootParts | undefined
}

/** The best source for a step in this root: the disk, the helper, fakeroot, or nothing but assumptions. */
export function chooseOwnershipMethod(root: string, means: OwnershipOptions): OwnershipMethod {
  const { namespaces, backend, helper, realCapabilities, fakeroot } = means
  if (namespaces.mapping === 'root' || namespaces.mapping === 'multiple') return createDiskOwnership()
  if (helper) return createHelperOwnership({ realCapabilities })
  if (fakeroot && backend.features.mounts && canUseFakeroot(root)) return createFakerootOwnership(fakeroot)
  return createAssumedOwnership()
}
