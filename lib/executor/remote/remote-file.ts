// ADD of a URL: the file is downloaded into the store.

import { cacheKey, KEY_VERSION } from '../../cache/cache-key.ts'
import type { Store } from '../../cache/store.ts'
import { type Download, download } from '../../context/verified-download.ts'
import { openHttpClient } from '../../http/client.ts'
import type { TreeEntry } from '../../layers/file-tree.ts'
import { digestParts, isDigest, sha256 } from '../../oci/digest.ts'
import type { JsonValue } from '../../oci/json.ts'
import type { CacheKey, Digest } from '../../oci/types.ts'
import type { RemoteAccess } from './remote-access.ts'
import { httpAuthorization } from './source-credentials.ts'

export interface RemoteFileOptions {
  readonly store: Store
  /** The name of the file. */
  readonly name: string
  readonly checksum?: Digest | undefined
  /** Downloads of this build, which are not repeated. */
  readonly downloads?: Map<CacheKey, Promise<Download>> | undefined
  readonly access: RemoteAccess
  readonly signal?: AbortSignal | undefined
  readonly onBytes?: ((bytes: number) => void) | undefined
}

/**
 * The file of an http or https URL: mode 0600, owner 0:0, the time of the Last-Modified header or 1970. A file in the
 * store is reused if it has the expected checksum, or if the server says that it is unchanged. Errors as
 * {@link download} does, which verifies the checksum.
 */
export async function openRemoteFile(url: string, options: RemoteFileOptions): Promise<TreeEntry> {
  const { downloads = new Map(), checksum, name, store } = options
  // A URL may contain a secret, so the record has its digest only.
  const key = cacheKey('http', [{ label: 'url', value: sha256(url) }])
  const once = checksum === undefined ? key : cacheKey(key, [{ label: 'checksum', value: checksum }])
  const coming = downloads.get(once) ?? fetchFile(url, key, options)
  downloads.set(once, coming)
  const { digest, size, modified } = await coming
  const seconds = Math.floor(Date.parse(modified ?? '') / 1000)
  return {
    path: name,
    type: 'file',
    mode: 0o600,
    uid: 0,
    gid: 0,
    mtime: Number.isSafeInteger(seconds) && seconds > 0 ? seconds : 0,
    size,
    content: { kind: 'file', path: store.path(digest) },
    sha256: digestParts(digest).hex,
  }
}

async function fetchFile(url: string, key: CacheKey, options: RemoteFileOptions): Promise<Download> {
  const { store, checksum, access, signal, onBytes } = options
  const known = readDownload(store.records.find(key)?.result, store)
  if (known && known.digest === checksum) return known
  const client = openHttpClient(access)
  try {
    const authorization = httpAuthorization(url, access)
    const usable = checksum === undefined ? known : undefined
    const got = await download(url, { client, store, previous: usable, checksum, authorization, signal, onBytes })
    if (got !== known) {
      const result = Object.fromEntries(Object.entries(got).filter(([, value]) => value !== undefined))
      const created = new Date(access.clock.now()).toISOString()
      store.records.save({ key, version: KEY_VERSION, step: 'http', created, parts: [], result })
    }
    return got
  } finally {
    await client.close()
  }
}

function readDownload(result: JsonValue | undefined, store: Store): Download | undefined {
  if (typeof result !== 'object' || result === null || Array.isArray(result)) return undefined
  const { digest, size, etag, modified } = result as Readonly<Record<string, unknown>>
  if (!isDigest(digest) || typeof size !== 'number' || !store.holds({ digest, size })) return undefined
  return { digest, size, etag: text(etag), modified: text(modified) }
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}
