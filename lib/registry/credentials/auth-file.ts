// A file with credentials: Docker's config.json, Podman's auth.json.
import { TsbuildError } from '../../base/errors.ts'
import { at, objectAt, optional, type Place, recordAt, stringAt } from '../../oci/guard.ts'
import { parseJson } from '../../oci/json.ts'
import { toDomain } from '../hosts.ts'

export interface AuthFile {
  /** For messages. */
  readonly name: string
  /** By host, or host and path, as a reference has them. */
  readonly auths: ReadonlyMap<string, AuthEntry>
  /** Names of helpers, without `docker-credential-`, by host. */
  readonly credHelpers: ReadonlyMap<string, string>
  readonly credsStore: string | undefined
}

export interface AuthEntry {
  /** As the file has it. */
  readonly key: string
  readonly username: string | undefined
  readonly password: string | undefined
  readonly identityToken: string | undefined
  readonly registryToken: string | undefined
}

/** Reads such a file. Errors with `CREDENTIALS_INVALID`; no message holds anything secret. */
export function parseAuthFile(bytes: Uint8Array, name: string): AuthFile {
  const place: Place = { code: 'CREDENTIALS_INVALID', what: name, path: '' }
  const object = objectAt(parseAuthJson(bytes, name), place)
  const auths = optional(object, 'auths', place, (value, where) => recordAt(value, where, parseEntry)).auths
  const helpers = optional(object, 'credHelpers', place, (value, where) => recordAt(value, where, stringAt)).credHelpers
  const store = optional(object, 'credsStore', place, stringAt).credsStore
  return {
    name,
    auths: new Map(Object.entries(auths ?? {}).map(([key, entry]) => [toDomain(key), { ...entry, key }])),
    credHelpers: new Map(Object.entries(helpers ?? {}).map(([key, helper]) => [toDomain(key), helper])),
    credsStore: store || undefined,
  }
}

/** The JSON of such a file; what a parser says of broken JSON may quote a password, so it isn't shown. */
export function parseAuthJson(bytes: Uint8Array, name: string): unknown {
  try {
    return parseJson(bytes, 'CREDENTIALS_INVALID', name)
  } catch (error) {
    if (!(error instanceof TsbuildError)) throw error
    throw new TsbuildError('CREDENTIALS_INVALID', `${name} is not JSON`, { hint: 'mend it, or log in again' })
  }
}

function parseEntry(value: unknown, place: Place): Omit<AuthEntry, 'key'> {
  const entry = objectAt(value, place)
  const { auth } = optional(entry, 'auth', place, secretAt)
  const decoded = auth ? decodeAuth(auth, at(place, 'auth')) : undefined
  return {
    username: decoded?.username ?? optional(entry, 'username', place, secretAt).username,
    password: decoded?.password ?? optional(entry, 'password', place, secretAt).password,
    identityToken: optional(entry, 'identitytoken', place, secretAt).identitytoken || undefined,
    registryToken: optional(entry, 'registrytoken', place, secretAt).registrytoken || undefined,
  }
}

function decodeAuth(auth: string, place: Place): { readonly username: string; readonly password: string } {
  // Older versions of Docker filled up with NUL bytes.
  const text = Buffer.from(auth, 'base64').toString().replace(/\0+$/, '')
  const colon = text.indexOf(':')
  if (colon > 0) return { username: text.slice(0, colon), password: text.slice(colon + 1) }
  throw new TsbuildError('CREDENTIALS_INVALID', `${place.what}: ${place.path} is not base64 of USER:PASSWORD`)
}

/** Never quotes what it got. */
function secretAt(value: unknown, place: Place): string {
  if (typeof value === 'string') return value
  throw new TsbuildError(place.code, `${place.what}: ${place.path} must be a string`)
}
