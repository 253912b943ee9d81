import { backoff } from '../../http/retry-delay.ts'
import type { Descriptor, Digest } from '../../oci/types.ts'
import type { RepositoryName } from '../hosts.ts'
import type { BlobOrigin } from '../pull/pull-blobs.ts'
import { mountBlob } from './mount-blob.ts'
import { cutFailure, type PushTarget, pushError, type UploadFailure } from './push-target.ts'
import { cancelUpload, patchBlob, putBlob, startUpload, type UploadSession, uploadedBytes } from './upload-session.ts'

/** The way in which a blob got into its repository. */
export type PushedHow = 'there' | 'mounted' | 'uploaded'

export interface BlobSource {
  readonly reader: BlobOrigin
  /** Repositories of the same registry that are known to have the blob. */
  readonly mounts: readonly RepositoryName[]
  /** Called with the bytes of each piece sent, and with negative numbers for pieces to send again. */
  readonly count: (bytes: number) => void
}

const ATTEMPTS = 5
/** The first size of parts. A part is held in memory while it is sent. */
const PART = 8 << 20
const LARGEST_PART = 64 << 20

/**
 * Pushes a blob with as few bytes as possible. Nothing is sent if the repository has the blob, and a mount is enough
 * if another repository of the registry has it. Otherwise the blob is uploaded: in one piece at first; if that is too
 * large or interrupted, in resumable parts. Errors as requests and the reader do.
 */
export async function pushBlob(blob: Descriptor, source: BlobSource, target: PushTarget): Promise<PushedHow> {
  if (await isThere(blob, target)) return 'there'
  const offered = await mountBlob(blob, source.mounts, target)
  if (offered === 'mounted') return 'mounted'
  let part: number | undefined
  for (let attempt = 1; ; attempt++) {
    const failure = await uploadOnce(blob, { part, session: attempt === 1 ? offered : undefined }, source, target)
    if (!failure) return 'uploaded'
    target.signal?.throwIfAborted()
    const smaller = part === undefined ? PART : Math.ceil(part / 4)
    if (failure.remedy === 'check') await verify(blob, source.reader, target)
    if (failure.remedy === 'never' || failure.remedy === 'check' || attempt === ATTEMPTS) throw failure.error
    part = failure.remedy === 'smaller' ? smaller : PART
    const pause = failure.pause ?? (failure.remedy === 'smaller' ? 0 : backoff(attempt - 1))
    target.client.onRetry?.(failure.message, pause)
    if (pause > 0) await target.client.wait(pause, target.signal)
  }
}

/** Reads the local blob to its end: if it is damaged, the reader errors. */
async function verify(blob: Descriptor, reader: BlobOrigin, { signal }: PushTarget): Promise<void> {
  for await (const _ of reader.open(blob, signal)) signal?.throwIfAborted()
}

const read = (blob: Descriptor, reader: BlobOrigin, { signal }: PushTarget): AsyncIterable<Uint8Array> =>
  (reader.openUnhashed ?? reader.open)(blob, signal)

async function isThere({ digest }: Descriptor, target: PushTarget): Promise<boolean> {
  const { client, repository, signal } = target
  const path = `${repository.path}/blobs/${digest}`
  const response = await client.request({ method: 'HEAD', repository, path, actions: 'pull,push', signal })
  await response.discard()
  if (response.status === 401 || response.status === 403) throw await pushError(response, target)
  return response.status === 200
}

/** Uploads the blob. Returns a failure that another attempt may remedy, or that the caller reports. */
async function uploadOnce(
  blob: Descriptor,
  { part, session: offered }: { readonly part: number | undefined; readonly session: UploadSession | undefined },
  source: BlobSource,
  target: PushTarget,
): Promise<UploadFailure | undefined> {
  let sent = 0
  const count = (bytes: number): void => {
    sent += bytes
    source.count(bytes)
  }
  let session = offered
  try {
    session ??= await startSession(blob.digest, target)
    if (part === undefined) await sendWhole(blob, session, { ...source, count }, target)
    else await sendParts(blob, { session, size: part }, { ...source, count }, target)
    return undefined
  } catch (error) {
    source.count(-sent)
    if (session) await cancelUpload(session, target)
    return cutFailure(error)
  }
}

async function startSession(digest: Digest, target: PushTarget): Promise<UploadSession> {
  const started = await startUpload(digest, target)
  if (started?.kind === 'session') return started.session
  throw new Error('bug: an upload without a mount is a session')
}

async function sendWhole(
  blob: Descriptor,
  session: UploadSession,
  { reader, count }: BlobSource,
  target: PushTarget,
): Promise<void> {
  let sent = 0
  const open = async function* (): AsyncIterable<Uint8Array> {
    // The body is requested again after new credentials.
    count(-sent)
    sent = 0
    for await (const chunk of read(blob, reader, target)) {
      sent += chunk.byteLength
      count(chunk.byteLength)
      yield chunk
    }
  }
  await putBlob(session, blob.digest, { size: blob.size, open }, target)
}

async function sendParts(
  blob: Descriptor,
  { session: first, size: wanted }: { readonly session: UploadSession; readonly size: number },
  { reader, count }: BlobSource,
  target: PushTarget,
): Promise<void> {
  const size = Math.min(LARGEST_PART, Math.max(wanted, first.leastPart))
  let session = first
  let offset = 0
  for await (const part of inParts(read(blob, reader, target), size)) {
    session = await sendPart(session, offset, part, target)
    offset += part.byteLength
    count(part.byteLength)
  }
  await putBlob(session, blob.digest, undefined, target)
}

/** Sends a part. After an interruption, only the bytes that the registry lacks are sent again. */
async function sendPart(
  first: UploadSession,
  offset: number,
  part: Uint8Array,
  target: PushTarget,
): Promise<UploadSession> {
  let session = first
  let done = 0
  for (let attempt = 1; ; attempt++) {
    try {
      return await patchBlob(session, offset + done, part.subarray(done), target)
    } catch (error) {
      target.signal?.throwIfAborted()
      const failure = cutFailure(error)
      if (failure.remedy !== 'again' || attempt === ATTEMPTS) throw failure
      const pause = failure.pause ?? backoff(attempt - 1)
      target.client.onRetry?.(failure.message, pause)
      await target.client.wait(pause, target.signal)
      const there = await uploadedBytes(session, target)
      session = there.session
      done = there.size - offset
      if (done === part.byteLength) return session
      // The registry has fewer bytes than it acknowledged, or more than were sent: the upload is unusable.
      if (done < 0 || done > part.byteLength) throw failure
    }
  }
}

async function* inParts(source: AsyncIterable<Uint8Array>, size: number): AsyncIterable<Uint8Array> {
  let held: Uint8Array[] = []
  let length = 0
  for await (let chunk of source) {
    while (length + chunk.byteLength >= size) {
      const cut = size - length
      yield Buffer.concat([...held, chunk.subarray(0, cut)])
      chunk = chunk.subarray(cut)
      held = []
      length = 0
    }
    if (chunk.byteLength > 0) held.push(Buffer.from(chunk))
    length += chunk.byteLength
  }
  if (length > 0) yield Buffer.concat(held)
}
