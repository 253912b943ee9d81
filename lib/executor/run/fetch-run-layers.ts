import { fetchLayers } from '../fetch-layers.ts'
import type { Session } from '../session.ts'
import type { RunRequest } from '../worker/protocol.ts'

/** Fetches the layers of a request that are elsewhere: the worker reads the local store only. */
export async function fetchRunLayers(
  request: Pick<RunRequest, 'layers' | 'mounts'>,
  session: Pick<Session, 'store' | 'remoteBlobs' | 'signal'>,
  onProgress?: (current: number, total: number) => void,
): Promise<void> {
  const mounted = request.mounts.flatMap((mount) => ('layers' in mount ? mount.layers : []))
  await fetchLayers([...request.layers, ...mounted], session, onProgress)
}
