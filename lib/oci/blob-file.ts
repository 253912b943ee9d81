// Reads blobs that are files on disk, for image layouts and for the store.
import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { TsbuildError } from '../base/errors.ts'
import { MANIFEST_LIMIT } from '../base/input-limit.ts'
import { verifyBytes, verifyStream } from './digest.ts'
import type { Descriptor } from './types.ts'

const CHUNK = 1 << 20

/** The bytes of a file in chunks, verified as ContentReader.open() promises. */
export async function* openBlobFile(
  path: string,
  expected: Pick<Descriptor, 'digest' | 'size'>,
  signal?: AbortSignal,
): AsyncIterable<Uint8Array> {
  yield* verifyStream(openUnhashedFile(path, expected, signal), expected)
}

/** The same bytes, unverified. */
export async function* openUnhashedFile(
  path: string,
  expected: Pick<Descriptor, 'digest'>,
  signal?: AbortSignal,
): AsyncIterable<Uint8Array> {
  const file = await openRegular(path, expected)
  try {
    yield* chunks(file, signal)
  } finally {
    await file.close()
  }
}

/** The whole of a small file, verified as ContentReader.read() promises. */
export async function readBlobFile(
  path: string,
  expected: Pick<Descriptor, 'digest' | 'size'>,
  limit: number = MANIFEST_LIMIT,
): Promise<Uint8Array> {
  checkLimit(expected, limit)
  const file = await openRegular(path, expected)
  try {
    // One byte more than expected, to notice a file that is too long.
    const bytes = Buffer.alloc(expected.size + 1)
    let length = 0
    for (let read = -1; read !== 0 && length < bytes.length; length += read) {
      read = (await file.read(bytes, length, bytes.length - length, null)).bytesRead
    }
    verifyBytes(bytes.subarray(0, length), expected)
    return bytes.subarray(0, length)
  } finally {
    await file.close()
  }
}

/** Errors with `MANIFEST_INVALID` if a blob to be read into memory is larger than the limit. */
export function checkLimit(expected: Pick<Descriptor, 'digest' | 'size'>, limit: number): void {
  if (expected.size <= limit) return
  const message = `blob ${expected.digest} has ${expected.size} bytes, more than the ${limit} that are read into memory`
  throw new TsbuildError('MANIFEST_INVALID', message)
}

/** The error for a missing blob. */
export function blobNotFound(digest: string, where: string, cause?: unknown): TsbuildError {
  return new TsbuildError('BLOB_NOT_FOUND', `blob ${digest} is not in ${where}`, { cause })
}

async function openRegular(path: string, expected: Pick<Descriptor, 'digest'>): Promise<FileHandle> {
  // Without O_NONBLOCK, opening a fifo would block for ever.
  const file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)).catch((cause: unknown) => {
    throw blobNotFound(expected.digest, JSON.stringify(path), cause)
  })
  if ((await file.stat()).isFile()) return file
  await file.close()
  throw blobNotFound(expected.digest, `${JSON.stringify(path)}, which is not a regular file`)
}

async function* chunks(file: FileHandle, signal?: AbortSignal): AsyncIterable<Uint8Array> {
  for (;;) {
    signal?.throwIfAborted()
    const { bytesRead, buffer } = await file.read(Buffer.allocUnsafeSlow(CHUNK), 0, CHUNK, null)
    if (bytesRead === 0) return
    yield buffer.subarray(0, bytesRead)
  }
}
