// Image names as Docker normalises them (github.com/distribution/reference).
import { TsbuildError } from '../base/errors.ts'
import { isDigest } from './digest.ts'
import type { Digest } from './types.ts'

/** A parsed image name. `domain` and `path` are always present, with the defaults of Docker Hub filled in. */
export interface Reference {
  /** The host of the registry, with its port: `docker.io`, `localhost:5000`. */
  readonly domain: string
  /** The repository within the registry, e.g. `library/alpine`. */
  readonly path: string
  readonly tag?: string
  readonly digest?: Digest
}

const COMPONENT = '[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*'
const PATH = new RegExp(`^${COMPONENT}(?:/${COMPONENT})*$`)
const LABEL = '[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?'
const DOMAIN = new RegExp(`^(?:${LABEL}(?:\\.${LABEL})*|\\[[a-fA-F0-9:]+\\])(?::[0-9]+)?$`)
const TAG = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/
const MAX_NAME = 255

/** Parses an image name. No default tag is added: see {@link withDefaultTag}. Errors with `REFERENCE_INVALID`. */
export function parseReference(text: string): Reference {
  if (text === '') throw invalid(text, 'it is empty')
  // This limit protects the regular expressions below. No valid name, tag and digest are longer together.
  if (text.length > MAX_NAME + 128 + 140) throw invalid(text.slice(0, 60), 'it is too long')
  if (/^[a-z][a-z0-9+.-]*:\/\//.test(text)) throw invalid(text, 'a name has no scheme', 'leave out the part up to "//"')
  if (/^[0-9a-f]{64}$/.test(text)) {
    throw invalid(text, 'a name can not be 64 hex digits', 'for an image by digest write name@sha256:…')
  }
  const { rest: beforeDigest, digest } = cutDigest(text)
  const { rest: name, tag } = cutTag(text, beforeDigest)
  const { domain, path } = splitDomain(name)
  if (!DOMAIN.test(domain)) throw invalid(text, `${JSON.stringify(domain)} is not a host name`)
  checkPath(text, path)
  if (domain.length + 1 + path.length > MAX_NAME) throw invalid(text, `the name is longer than ${MAX_NAME} characters`)
  return { domain, path, ...(tag === undefined ? {} : { tag }), ...(digest === undefined ? {} : { digest }) }
}

/** The reference with tag `latest` if it has neither tag nor digest. */
export function withDefaultTag(reference: Reference): Reference {
  return reference.tag || reference.digest ? reference : { ...reference, tag: 'latest' }
}

/** The full name: `docker.io/library/alpine:3.20@sha256:…`. */
export function formatReference(reference: Reference): string {
  return `${reference.domain}/${reference.path}${suffix(reference)}`
}

/** The short name as `docker images` shows it: without `docker.io/` and `library/`; tag and digest kept. */
export function familiarReference(reference: Reference): string {
  const { domain, path } = reference
  if (domain !== 'docker.io') return formatReference(reference)
  const official = path.startsWith('library/') && !path.slice(8).includes('/')
  return `${official ? path.slice(8) : path}${suffix(reference)}`
}

/**
 * The full name under which an image is stored: `app` → `docker.io/library/app:latest`. Errors with
 * `REFERENCE_INVALID`.
 */
export function normaliseName(text: string): string {
  return formatReference(withDefaultTag(parseReference(text)))
}

/** The same as {@link normaliseName}; undefined for an invalid name. */
export function tryNormaliseName(text: string): string | undefined {
  try {
    return normaliseName(text)
  } catch (error) {
    if (error instanceof TsbuildError) return undefined
    throw error
  }
}

/** The short form of a full name; an invalid name stays as it is. */
export function shortName(name: string): string {
  const full = tryNormaliseName(name)
  return full === undefined ? name : familiarReference(parseReference(full))
}

function suffix(reference: Reference): string {
  return `${reference.tag ? `:${reference.tag}` : ''}${reference.digest ? `@${reference.digest}` : ''}`
}

function cutDigest(text: string): { rest: string; digest: Digest | undefined } {
  const at = text.indexOf('@')
  if (at === -1) return { rest: text, digest: undefined }
  const digest = text.slice(at + 1)
  if (isDigest(digest)) return { rest: text.slice(0, at), digest }
  throw invalid(text, `${JSON.stringify(digest)} is not a digest`, 'write it as name@sha256:<64 hex digits>')
}

function cutTag(text: string, beforeDigest: string): { rest: string; tag: string | undefined } {
  const colon = beforeDigest.lastIndexOf(':')
  // A colon before the last slash belongs to a port.
  if (colon === -1 || colon < beforeDigest.lastIndexOf('/')) return { rest: beforeDigest, tag: undefined }
  const tag = beforeDigest.slice(colon + 1)
  if (TAG.test(tag)) return { rest: beforeDigest.slice(0, colon), tag }
  throw invalid(
    text,
    `${JSON.stringify(tag)} is not a tag`,
    'a tag has up to 128 letters, digits, "_", "." and "-", and starts with a letter, a digit or "_"',
  )
}

function splitDomain(name: string): { domain: string; path: string } {
  const slash = name.indexOf('/')
  const first = slash === -1 ? '' : name.slice(0, slash)
  const isDomain = first === 'localhost' || /[.:]/.test(first) || first.toLowerCase() !== first
  const domain = isDomain && first !== 'index.docker.io' ? first : 'docker.io'
  const path = isDomain ? name.slice(slash + 1) : name
  return { domain, path: domain === 'docker.io' && !path.includes('/') ? `library/${path}` : path }
}

function checkPath(text: string, path: string): void {
  if (PATH.test(path)) return
  if (path.toLowerCase() !== path && PATH.test(path.toLowerCase())) {
    throw invalid(text, 'a repository name must be lower-case', `did you mean ${JSON.stringify(text.toLowerCase())}?`)
  }
  throw invalid(
    text,
    'not a repository name',
    'names are lower-case letters and digits, separated by ".", "_", "__" or "-", in parts divided by "/"',
  )
}

function invalid(text: string, why: string, hint?: string): TsbuildError {
  return new TsbuildError('REFERENCE_INVALID', `invalid image name ${JSON.stringify(text)}: ${why}`, { hint })
}
