import { join } from 'node:path'
import type { WorkerNamespaces } from '../../../sandbox/types.ts'

/**
 * The directory of a store in which steps run. Each kind of place has its own: who may read and remove what is in it, and what owners
 * the files have, depends on the place.
 */
export function sandboxHome(store: string, namespaces: WorkerNamespaces, uid: number): string {
  return join(store, 'sandbox', `${namespaces.mapping}-${uid}`)
}

/** Where steps have their temporary files. */
export const temporaryDirectory = (home: string): string => join(home, 'tmp')

/** Where failed steps are kept. */
export const keptDirectory = (home: string): string => join(home, 'kept')
