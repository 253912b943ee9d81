// Logs in and out. Credentials are stored where Docker and Podman find them.
import { TsbuildError } from '../base/errors.ts'
import { openRegistryClient, type RegistryOptions } from './client.ts'
import type { Env } from './config-directories.ts'
import { updateHelper } from './credentials/credential-helper.ts'
import { editAuthFile } from './credentials/edit-auth-file.ts'
import { loginPath, readAuthFile } from './credentials/find-auth-files.ts'
import { parseAuthFile } from './credentials/parse-auth-file.ts'
import { credentialKey, toDomain } from './hosts.ts'
import { registryError } from './registry-error.ts'

export interface LoginOptions extends Omit<RegistryOptions, 'onRetry' | 'credentials'> {
  readonly signal?: AbortSignal | undefined
}

/** The storage of new credentials: the path of a file, or the name of a credential helper. */
export interface KeptCredentials {
  /** The domain of the registry: `docker.io`, `ghcr.io`, `localhost:5000`. */
  readonly registry: string
  readonly storage: string
  /** True for a file, which stores credentials unencrypted. */
  readonly plain: boolean
}

/**
 * Checks credentials at a registry and stores them: with the credential helper that the file names for it, else in
 * the file, `$REGISTRY_AUTH_FILE` or Docker's, with mode 0600. Credentials that the registry denies are not stored:
 * `REGISTRY_AUTH`. Errors with `CREDENTIALS_INVALID` if they cannot be stored, and as requests do.
 *
 * @example
 * ```ts
 * import { login } from '@tsbuild/tsbuild'
 *
 * const { registry } = await login('localhost:5000', { username: 'me', password: 'secret' })
 * console.log(registry) // localhost:5000
 * ```
 */
export async function login(
  registry: string,
  credentials: { readonly username: string; readonly password: string },
  options: LoginOptions = {},
): Promise<KeptCredentials> {
  const domain = checkedDomain(registry)
  const env = options.env ?? process.env
  const { username, password } = credentials
  if (username === '' || /[:\0]/.test(username)) {
    throw new TsbuildError('OPTION_INVALID', 'a user name must have at least one character, and no colon')
  }
  await tryOut(domain, credentials, options)
  const { path, helper } = keeper(domain, env)
  if (helper !== undefined) {
    const entry = { ServerURL: credentialKey(domain), Username: username, Secret: password }
    const problem = await updateHelper(helper, { verb: 'store', entry }, { env, signal: options.signal })
    if (problem !== undefined) throw helperFailed(helper, path, problem)
    return { registry: domain, storage: `docker-credential-${helper}`, plain: false }
  }
  const auth = Buffer.from(`${username}:${password}`).toString('base64')
  editAuthFile(path, (auths) => ({ ...without(auths, domain), [credentialKey(domain)]: { auth } }))
  return { registry: domain, storage: path, plain: true }
}

/**
 * Removes the credentials of a registry. False if the file had none. Errors with `CREDENTIALS_INVALID`.
 *
 * @example
 * ```ts
 * import { login, logout } from '@tsbuild/tsbuild'
 *
 * await login('localhost:5000', { username: 'me', password: 'secret' })
 * console.log(await logout('localhost:5000')) // true
 * ```
 */
export async function logout(registry: string, options: LoginOptions = {}): Promise<boolean> {
  const domain = checkedDomain(registry)
  const env = options.env ?? process.env
  const { path, helper } = keeper(domain, env)
  if (helper !== undefined) {
    const problem = await updateHelper(
      helper,
      { verb: 'erase', server: credentialKey(domain) },
      { env, signal: options.signal },
    )
    if (problem !== undefined) throw helperFailed(helper, path, problem)
  }
  let removed = helper !== undefined
  if (!readAuthFile(path)) return removed
  editAuthFile(path, (auths) => {
    const left = without(auths, domain)
    removed ||= Object.keys(left).length < Object.keys(auths).length
    return left
  })
  return removed
}

function checkedDomain(registry: string): string {
  const domain = toDomain(registry.trim())
  if (/^(?:[a-zA-Z0-9.-]+|\[[0-9a-fA-F:]+\])(?::\d+)?$/.test(domain)) return domain
  throw new TsbuildError('OPTION_INVALID', `${JSON.stringify(registry)} is not the name of a registry`, {
    hint: 'write the host of the registry, and its port if there is one: ghcr.io, localhost:5000',
  })
}

/** Sends a request with these credentials alone, whatever is stored. */
async function tryOut(
  domain: string,
  credentials: { readonly username: string; readonly password: string },
  options: LoginOptions,
): Promise<void> {
  const client = openRegistryClient({ ...options, credentials: () => credentials })
  const repository = { domain, path: '' }
  try {
    const response = await client.request({ repository, path: '', actions: 'pull', signal: options.signal })
    if (response.status === 200) return await response.discard()
    const error = await registryError(response, {
      doing: `logging in to ${domain}`,
      repository,
      actions: 'pull',
      client,
    })
    if (error.code !== 'REGISTRY_AUTH') throw error
    throw error.with({ hint: 'check user name and password, or use a token' })
  } finally {
    await client.close()
  }
}

function keeper(domain: string, env: Env): { readonly path: string; readonly helper: string | undefined } {
  const path = loginPath(env)
  const bytes = readAuthFile(path)
  const file = bytes && parseAuthFile(bytes, JSON.stringify(path))
  return { path, helper: file?.credHelpers.get(domain) ?? file?.credsStore }
}

function without(auths: Readonly<Record<string, unknown>>, domain: string): Record<string, unknown> {
  return Object.fromEntries(Object.entries(auths).filter(([key]) => toDomain(key) !== domain))
}

function helperFailed(helper: string, path: string, problem: string): TsbuildError {
  return new TsbuildError('CREDENTIALS_INVALID', `docker-credential-${helper} failed: ${problem}`, {
    hint: `${JSON.stringify(path)} names this helper: install it, or remove it from the file`,
  })
}
