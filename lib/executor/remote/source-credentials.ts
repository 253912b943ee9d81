// Credentials for remote sources: build secrets with the names that BuildKit uses.

import { readSecret } from '../read-secret.ts'
import type { RemoteAccess } from './remote-access.ts'

type Secrets = Pick<RemoteAccess, 'secrets' | 'env'>

/**
 * The Authorization header for a git remote over http(s), from the first secret that exists of `GIT_AUTH_HEADER.HOST`,
 * `GIT_AUTH_TOKEN.HOST`, `GIT_AUTH_HEADER` and `GIT_AUTH_TOKEN`. Errors as {@link readSecret} does.
 */
export function gitAuthorization(remote: string, access: Secrets): string | undefined {
  const host = /^https?:\/\/(?:[^/]*@)?([^/]+)/.exec(remote)?.[1]
  if (host === undefined) return undefined
  for (const suffix of [`.${host}`, '']) {
    const header = secretText(`GIT_AUTH_HEADER${suffix}`, access)
    if (header !== undefined) return header
    const token = secretText(`GIT_AUTH_TOKEN${suffix}`, access)
    if (token !== undefined) return `basic ${Buffer.from(`x-access-token:${token}`).toString('base64')}`
  }
  return undefined
}

/** The Authorization header for a URL, from the secret `HTTP_AUTH_TOKEN_HOST`, or else `HTTP_AUTH_HEADER_HOST`. */
export function httpAuthorization(url: string, access: Secrets): string | undefined {
  if (!URL.canParse(url)) return undefined
  const { hostname } = new URL(url)
  const token = secretText(`HTTP_AUTH_TOKEN_${hostname}`, access)
  return token === undefined ? secretText(`HTTP_AUTH_HEADER_${hostname}`, access) : `Bearer ${token}`
}

/** The text of a secret, trimmed: a file often ends in a newline, which a header can't contain. */
function secretText(id: string, { secrets, env }: Secrets): string | undefined {
  const source = secrets?.[id]
  const bytes = source && readSecret(id, source, env)
  return bytes && Buffer.from(bytes).toString().trim()
}
