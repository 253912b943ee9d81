// Parses a file with credentials: Docker's config.json, Podman's auth.json.
import { TsbuildError } from '../../base/errors.ts'
import { at, type JsonLocation, objectAt, optional, recordAt, stringAt } from '../../oci/guard.ts'
import { parseJson } from '../../oci/json.ts'
import { toDomain } from '../hosts.ts'

export interface AuthFile {
  /** The name of the file, for messages. */
  readonly name: string
  /** The entries by host, or host and path, written as in a reference. */
  readonly auths: ReadonlyMap<string, AuthEntry>
  /** The names of credential helpers, without `docker-credential-`, by host. */
  readonly credHelpers: ReadonlyMap<string, string>
  readonly credsStore: string | undefined
}

export interface AuthEntry {
  /** The key of the entry in the file. */
  readonly key: string
  readonly username: string | undefined
  readonly password: string | undefined
  readonly identityToken: string | undefined
  readonly registryToken: string | undefined
}

/** Parses such a file. Errors with `CREDENTIALS_INVALID`. No message quotes a secret. */
export function parseAuthFile(bytes: Uint8Array, name: string): AuthFile {
  const location: JsonLocation = { code: 'CREDENTIALS_INVALID', what: name, path: '' }
  const object = objectAt(parseAuthJson(bytes, name), location)
  const auths = optional(object, 'auths', location, (value, where) => recordAt(value, where, parseEntry)).auths
  const helpers = optional(object, 'credHelpers', location, (value, where) =>
    recordAt(value, where, stringAt),
  ).credHelpers
  const store = optional(object, 'credsStore', location, stringAt).credsStore
  return {
    name,
    auths: new Map(Object.entries(auths ?? {}).map(([key, entry]) => [toDomain(key), { ...entry, key }])),
    credHelpers: new Map(Object.entries(helpers ?? {}).map(([key, helper]) => [toDomain(key), helper])),
    credsStore: store || undefined,
  }
}

/** The JSON of such a file. The parser's message is left out, since it may quote a password. */
export function parseAuthJson(bytes: Uint8Array, name: string): unknown {
  try {
    return parseJson(bytes, 'CREDENTIALS_INVALID', name)
  } catch (error) {
    if (!(error instanceof TsbuildError)) throw error
    throw new TsbuildError('CREDENTIALS_INVALID', `${name} is not JSON`, { hint: 'repair the file, or log in again' })
  }
}

function parseEntry(value: unknown, location: JsonLocation): Omit<AuthEntry, 'key'> {
  const entry = objectAt(value, location)
  const { auth } = optional(entry, 'auth', location, secretAt)
  const decoded = auth ? decodeAuth(auth, at(location, 'auth')) : undefined
  return {
    username: decoded?.username ?? optional(entry, 'username', location, secretAt).username,
    password: decoded?.password ?? optional(entry, 'password', location, secretAt).password,
    identityToken: optional(entry, 'identitytoken', location, secretAt).identitytoken || undefined,
    registryToken: optional(entry, 'registrytoken', location, secretAt).registrytoken || undefined,
  }
}

function decodeAuth(auth: string, location: JsonLocation): { readonly username: string; readonly password: string } {
  // Older versions of Docker padded the value with NUL bytes.
  const text = Buffer.from(auth, 'base64').toString().replace(/\0+$/, '')
  const colon = text.indexOf(':')
  if (colon > 0) return { username: text.slice(0, colon), password: text.slice(colon + 1) }
  throw new TsbuildError('CREDENTIALS_INVALID', `${location.what}: ${location.path} is not base64 of USER:PASSWORD`)
}

/** Checks a secret without quoting it in the message. */
function secretAt(value: unknown, location: JsonLocation): string {
  if (typeof value === 'string') return value
  throw new TsbuildError(location.code, `${location.what}: ${location.path} must be a string`)
}
