import type { Session } from '../session.ts'
import type { RunRequest } from '../worker/protocol.ts'

/** Fetches the layers of a request that are still in a registry: the worker reads the local store only. */
export async function fetchRunLayers(
  request: Pick<RunRequest, 'layers' | 'mounts'>,
  { store, signal }: Pick<Session, 'store' | 'signal'>,
): Promise<void> {
  const mounted = request.mounts.flatMap((mount) => ('layers' in mount ? mount.layers : []))
  for (const { diffID, descriptor } of [...request.layers, ...mounted]) {
    if (store.has(diffID) || store.holds(descriptor)) continue
    // Opening a blob fetches it.
    for await (const _ of store.open(descriptor, signal)) break
  }
}
