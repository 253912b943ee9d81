import { join } from 'node:path'
import type { WorkerNamespaces } from '../../sandbox/types.ts'

/**
 * The directory of a store in which steps run. Each user and each mapping of user ids has its own: both decide which
 * owners the files have, and who may read and remove them.
 */
export function sandboxHome(store: string, namespaces: WorkerNamespaces, uid: number): string {
  return join(store, 'sandbox', `${namespaces.mapping}-${uid}`)
}

/** The directory of temporary files. */
export const temporaryDirectory = (home: string): string => join(home, 'tmp')

/** The directory of kept failed steps. */
export const keptDirectory = (home: string): string => join(home, 'kept')

/** The directory of unpacked layers. Those with virtual devices are of use to workers that can show the devices. */
export const layersDirectory = (home: string, virtualDevices: boolean): string =>
  join(home, virtualDevices ? 'layers-virtual' : 'layers')

/** The name of the directory of cache mounts. */
export const CACHES = 'caches'
