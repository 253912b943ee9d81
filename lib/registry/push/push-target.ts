import { TsbuildError } from '../../base/errors.ts'
import { isTransient } from '../../http/http-failed.ts'
import { retryAfter } from '../../http/retry-delay.ts'
import type { HttpResponse } from '../../http/types.ts'
import type { RegistryClient } from '../client.ts'
import type { RepositoryName } from '../hosts.ts'
import { registryError } from '../registry-error.ts'

/** The repository to push to. */
export interface PushTarget {
  readonly client: RegistryClient
  readonly repository: RepositoryName
  /** The operation, for messages: `pushing "app:1"`. */
  readonly doing: string
  readonly signal: AbortSignal | undefined
}

/** The error for an unexpected response to a push. */
export function pushError(response: HttpResponse, { client, repository, doing }: PushTarget): Promise<TsbuildError> {
  return registryError(response, { client, repository, doing, actions: 'pull,push' })
}

/** A failed attempt to upload, and its remedy. */
export class UploadFailure extends Error {
  readonly error: TsbuildError
  /**
   * `again`: the same once more; `smaller`: smaller parts; `check`: none, but the local blob may be damaged; `never`:
   * none.
   */
  readonly remedy: 'again' | 'smaller' | 'check' | 'never'
  /** The wait that the registry asks for, in milliseconds. */
  readonly pause: number | undefined

  constructor(error: TsbuildError, remedy: UploadFailure['remedy'], pause?: number) {
    super(error.message)
    this.error = error
    this.remedy = remedy
    this.pause = pause
  }
}

/** The failure that a response means. */
export async function uploadFailure(response: HttpResponse, target: PushTarget): Promise<UploadFailure> {
  const { status, headers } = response
  const error = await pushError(response, target)
  if (status === 413) return new UploadFailure(error, 'smaller')
  if (status === 400) return new UploadFailure(error, 'check')
  // 404 and 416: the upload is gone, or at another offset. A new upload has neither problem.
  const again = status === 404 || status === 408 || status === 416 || status === 429 || status >= 500
  return new UploadFailure(error, again ? 'again' : 'never', retryAfter(headers.get('retry-after'), Date.now()))
}

/** The failure of an upload without a response. Rethrows all errors but those of the network. */
export function cutFailure(error: unknown): UploadFailure {
  if (error instanceof UploadFailure) return error
  if (!(error instanceof TsbuildError) || error.code !== 'HTTP_FAILED') throw error
  return new UploadFailure(error, isTransient(error.cause) ? 'again' : 'never')
}
