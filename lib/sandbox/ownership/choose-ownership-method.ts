// Where a step's owners come from, by what there is.

import type { Backend, Place } from '../types.ts'
import { createAssumedOwnership } from './assumed-ownership.ts'
import { createDiskOwnership } from './disk-ownership.ts'
import { createFakerootOwnership, type FakerootParts, takesFakeroot } from './fakeroot-ownership.ts'
import { createHelperOwnership } from './helper-ownership.ts'
import type { OwnershipSource } from './ownership-method.ts'

export interface OwnershipMeans {
  readonly place: Place
  readonly backend: Backend
  /** Whether the back-end is the native helper's and that can answer for owners here. */
  readonly helper: boolean
  /** Whether the worker can set `security.capability` where the roots are. */
  readonly realCapabilities: boolean
  /** What is needed for fakeroot, undefined where it is not installed. */
  readonly fakeroot: FakerootParts | undefined
}

/** The best source for a step in this root: the disk, the helper, fakeroot, or nothing but assumptions. */
export function chooseOwnership(root: string, means: OwnershipMeans): OwnershipSource {
  const { place, backend, helper, realCapabilities, fakeroot } = means
  if (place.mapping === 'root' || place.mapping === 'multiple') return createDiskOwnership()
  if (helper) return createHelperOwnership({ realCapabilities })
  if (fakeroot && backend.features.mounts && takesFakeroot(root)) return createFakerootOwnership(fakeroot)
  return createAssumedOwnership()
}
