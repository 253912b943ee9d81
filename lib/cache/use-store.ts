import { storeHome } from './home.ts'
import { openStore, type Store } from './store.ts'

/** A store, given by its directory or as an object that the caller opened. */
export type StoreOption = string | Store | undefined

/**
 * The store of one call. Closing it closes only a store that was opened here: an object stays open, and belongs to the
 * caller. `env` names the default directory. Errors as openStore() does.
 */
export function useStore(given: StoreOption, env: Readonly<Record<string, string | undefined>> = process.env): Store {
  if (typeof given !== 'object') return openStore(given ?? storeHome(env))
  const operation = given.leases?.begin()
  // The members of a class are not its own properties, and a store is extended by spreading it.
  return {
    root: given.root,
    pending: given.pending,
    references: given.references,
    records: given.records,
    layers: given.layers,
    ...(given.leases && { leases: given.leases }),
    ...(given.written && { written: given.written }),
    has: (digest) => given.has(digest),
    holds: (descriptor) => given.holds(descriptor),
    open: (descriptor, signal) => given.open(descriptor, signal),
    openUnhashed: (descriptor, signal) => given.openUnhashed(descriptor, signal),
    read: (descriptor, limit) => given.read(descriptor, limit),
    path: (digest) => given.path(digest),
    plannedPath: (digest) => given.plannedPath(digest),
    size: (digest) => given.size(digest),
    freeSpace: () => given.freeSpace(),
    createWriter: () => given.createWriter(),
    put: (bytes, mediaType) => given.put(bytes, mediaType),
    copyBlob: (from, descriptor, signal) => given.copyBlob(from, descriptor, signal),
    readDerived: (kind, digest) => given.readDerived(kind, digest),
    writeDerived: (kind, digest, bytes) => given.writeDerived(kind, digest, bytes),
    temporary: () => given.temporary(),
    close: () => operation?.[Symbol.dispose](),
  }
}
