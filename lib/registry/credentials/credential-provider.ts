// Credentials from the caller of the library, instead of those in files.
import type { RepositoryName } from '../hosts.ts'
import type { Credentials, FoundCredentials } from './find-credentials.ts'

/** Credentials for a registry: a password, an OAuth 2 refresh token, or a bearer token that is sent as it is. */
export type RegistryCredentials =
  | { readonly username: string; readonly password: string }
  | { readonly identityToken: string }
  | { readonly registryToken: string }

/**
 * Finds the credentials for a repository, such as `team/app` of the registry `ghcr.io`; undefined for anonymous access.
 * Docker Hub is the registry `docker.io`.
 */
export type CredentialProvider = (
  registry: string,
  repository: string,
) => RegistryCredentials | undefined | Promise<RegistryCredentials | undefined>

const SOURCE = 'the "credentials" option'

/** Asks the caller. Errors as the caller's function does. */
export async function askProvider(
  find: CredentialProvider,
  { domain, path }: RepositoryName,
): Promise<FoundCredentials> {
  const given = await find(domain, path)
  return { credentials: given && toCredentials(given), problems: [] }
}

function toCredentials(given: RegistryCredentials): Credentials {
  if ('identityToken' in given) return { kind: 'identity', token: given.identityToken, source: SOURCE }
  if ('registryToken' in given) return { kind: 'bearer', token: given.registryToken, source: SOURCE }
  const { username, password } = given
  return { kind: 'password', username, password, source: SOURCE }
}
