// Finds the credentials for a request in the files of Docker and Podman.

import type { Env } from '../config-directories.ts'
import { credentialKey, type RepositoryName } from '../hosts.ts'
import { askHelper, type HelperOptions } from './credential-helper.ts'
import { authFiles } from './find-auth-files.ts'
import type { AuthEntry, AuthFile } from './parse-auth-file.ts'

/** Credentials for a registry. `source` names their file or helper, for messages. */
export type Credentials =
  | { readonly kind: 'password'; readonly username: string; readonly password: string; readonly source: string }
  /** An OAuth 2 refresh token, which is exchanged for bearer tokens. */
  | { readonly kind: 'identity'; readonly token: string; readonly source: string }
  /** A bearer token, which is sent as it is. */
  | { readonly kind: 'bearer'; readonly token: string; readonly source: string }

export interface FoundCredentials {
  readonly credentials: Credentials | undefined
  /** Problems that left credentials out, e.g. a helper that does not start. Anonymous access may still work. */
  readonly problems: readonly string[]
}

/**
 * The credentials for a repository. The first file that has some counts. Within a file, a helper for the host
 * precedes `auths`, and the most specific entry counts: `host/team/app`, `host/team`, `host`. Errors with
 * `CREDENTIALS_INVALID` for an unreadable file.
 */
export async function findCredentials(
  repository: RepositoryName,
  env: Env,
  signal?: AbortSignal,
): Promise<FoundCredentials> {
  const problems: string[] = []
  for (const file of authFiles(env)) {
    const credentials = await inFile(file, repository, { env, problems, signal })
    if (credentials) return { credentials, problems }
  }
  return { credentials: undefined, problems }
}

interface Search extends HelperOptions {
  /** Receives the problems of helpers. */
  readonly problems: string[]
}

async function inFile(
  file: AuthFile,
  { domain, path }: RepositoryName,
  search: Search,
): Promise<Credentials | undefined> {
  for (const key of keysOf(domain, path)) {
    const helper = file.credHelpers.get(key)
    if (helper !== undefined) {
      const found = await fromHelper({ name: helper, where: `credHelpers of ${file.name}` }, domain, search)
      if (found) return found
    }
    const entry = file.auths.get(key)
    const listed = entry && fromEntry(entry, `${file.name} (${JSON.stringify(entry.key)})`)
    if (listed) return listed
  }
  if (file.credsStore === undefined) return undefined
  return fromHelper({ name: file.credsStore, where: `credsStore of ${file.name}` }, domain, search)
}

/** The keys for the path `a/b/c` of a host: `host/a/b/c`, `host/a/b`, `host/a`, `host`. */
function keysOf(domain: string, path: string): readonly string[] {
  const parts = path.split('/').filter((part) => part !== '')
  return Array.from({ length: parts.length + 1 }, (_, at) => [domain, ...parts.slice(0, parts.length - at)].join('/'))
}

function fromEntry(entry: AuthEntry, source: string): Credentials | undefined {
  if (entry.registryToken !== undefined) return { kind: 'bearer', token: entry.registryToken, source }
  if (entry.identityToken !== undefined) return { kind: 'identity', token: entry.identityToken, source }
  const { username, password } = entry
  return username === undefined || password === undefined ? undefined : { kind: 'password', username, password, source }
}

async function fromHelper(
  { name, where }: { readonly name: string; readonly where: string },
  domain: string,
  { env, problems, signal }: Search,
): Promise<Credentials | undefined> {
  const answer = await askHelper(name, credentialKey(domain), { env, signal })
  if (answer.kind === 'none') return undefined
  if (answer.kind === 'failed') {
    problems.push(`docker-credential-${name} (${where}) failed: ${answer.problem}`)
    return undefined
  }
  const source = `docker-credential-${name} (${where})`
  const { username, secret } = answer
  return username === '<token>'
    ? { kind: 'identity', token: secret, source }
    : { kind: 'password', username, password: secret, source }
}
