import type { HttpResponse } from '../../http/types.ts'
import { chooseChallenge, type HostAuth } from './authorization.ts'

export interface AuthorizedRequest {
  /** Sends the request with this Authorization header. */
  readonly transmit: (authorization: string | undefined) => Promise<HttpResponse>
  /** The Authorization header for a challenge, undefined without credentials; `renew` asks for a new token. */
  readonly authorize: (auth: HostAuth, options: { readonly renew: boolean }) => Promise<string | undefined>
  /** The origin of the registry. Others get no credentials. */
  readonly origin: string
  /** The challenges and tokens that are known, and the key of this registry's. */
  readonly auth: { readonly key: string; readonly known: Map<string, HostAuth> }
}

/**
 * Sends a request, with the token of an earlier one if there is one. A registry that answers 401 with a challenge gets
 * the request once more, with what the challenge asks for. Returns the last response.
 */
export async function sendAuthorized({ transmit, authorize, origin, auth }: AuthorizedRequest): Promise<HttpResponse> {
  const known = auth.known.get(auth.key)
  const first = known && (await authorize(known, { renew: false }))
  const response = await transmit(first)
  // A redirect's target must not decide where credentials are sent.
  if (response.status !== 401 || new URL(response.url).origin !== origin) return response
  const challenge = chooseChallenge(response.headers.get('www-authenticate') ?? '')
  if (!challenge) return response
  const answered: HostAuth = known ?? { challenge, tokens: new Map() }
  answered.challenge = challenge
  auth.known.set(auth.key, answered)
  const second = await authorize(answered, { renew: first !== undefined })
  if (second === undefined || second === first) return response
  await response.discard()
  return transmit(second)
}
