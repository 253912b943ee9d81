// Git URLs as Docker writes them: the address of a repository, and the part of it to use. Pure.
import { cleanPath } from './paths.ts'

/** The parts of a git URL. */
export interface GitUrl {
  /** The address that git connects to, without fragment and query. It may hold credentials: see `redactUrl`. */
  readonly remote: string
  /** A branch, tag, full ref or commit; undefined: the default branch. */
  readonly ref: string | undefined
  /** A relative, clean path; undefined: the whole repository. */
  readonly subdir: string | undefined
  /** The commit that the ref must lead to, in hexadecimal digits, perhaps shortened. */
  readonly checksum: string | undefined
  readonly keepGitDir: boolean | undefined
  readonly submodules: boolean | undefined
  /** Whether files get the time of the checkout (default) or that of the commit. */
  readonly mtime: 'checkout' | 'commit' | undefined
  /** Take the commit that `checksum` names, whatever the ref is now. */
  readonly fetchByCommit: boolean
  /** True for `github.com/…`, which may also be a path: it is a URL only where a build context is expected. */
  readonly pathLike: boolean
}

export type ParsedGitUrl =
  | { readonly kind: 'git'; readonly url: GitUrl }
  /** A git URL with a contradiction or an invalid part. */
  | { readonly kind: 'invalid'; readonly problem: string }

/**
 * Parses a git URL; undefined for any other text. As in BuildKit, git URLs are `git://`, `ssh://`, `USER@HOST:PATH`,
 * `http(s)://` with a path that ends in `.git`, and `github.com/…`; each with `?query` and `#ref:subdir`.
 */
export function parseGitUrl(text: string): ParsedGitUrl | undefined {
  const address = splitAddress(text)
  if (!address) return undefined
  const { remote, query, fragment, pathLike } = address
  const colon = fragment.indexOf(':')
  const ref = colon === -1 ? fragment : fragment.slice(0, colon)
  const subdir = colon === -1 ? '' : cleanPath(fragment.slice(colon + 1))
  const settings = readQuery(query, ref, subdir)
  if (typeof settings === 'string') return { kind: 'invalid', problem: settings }
  if (settings.ref?.startsWith('-'))
    return { kind: 'invalid', problem: `${JSON.stringify(settings.ref)} is no git ref: it starts with "-"` }
  return { kind: 'git', url: { remote, pathLike, ...settings } }
}

/** Whether a text is an http or https URL. A git URL may be one, too. */
export function isHttpUrl(text: string): boolean {
  return /^https?:\/\//.test(text)
}

/** A URL for messages: without the password, and for http(s) without the user name, which may be a token. */
export function redactUrl(url: string): string {
  return url
    .replace(/^(https?:\/\/)[^/?#]*@/i, '$1***@')
    .replace(/^([a-zA-Z][a-zA-Z0-9+.-]*:\/\/[^/?#:@]*):[^/?#]*@/, '$1:***@')
}

interface Address {
  readonly remote: string
  readonly query: string
  readonly fragment: string
  readonly pathLike: boolean
}

const SCHEME = /^([a-zA-Z0-9]+):\/\//
const GIT_SCHEMES: ReadonlySet<string> = new Set(['http', 'https', 'ssh', 'git'])
const SCP = /^[a-zA-Z0-9_-]+@[a-zA-Z0-9.-]+:(?:.*?)(?:\?(.*?))?(?:#(.*))?$/

function splitAddress(text: string): Address | undefined {
  if (text.startsWith('./') || text.startsWith('../')) return undefined
  if (text.startsWith('github.com/')) return splitUrl(`https://${text}`, { pathLike: true })
  const scheme = SCHEME.exec(text)?.[1]?.toLowerCase()
  if (scheme !== undefined) return GIT_SCHEMES.has(scheme) ? splitUrl(text, { pathLike: false }) : undefined
  const scp = SCP.exec(text)
  if (!scp) return undefined
  const [, query = '', fragment = ''] = scp
  const remote = text.slice(0, text.search(/[?#]|$/))
  return query === '' || parsePairs(query).sound ? { remote, query, fragment, pathLike: false } : undefined
}

function splitUrl(text: string, { pathLike }: Pick<Address, 'pathLike'>): Address | undefined {
  // Go refuses control characters in a URL.
  if (/[\0-\x20\x7f]/.test(text)) return undefined
  const parts = /^([^:]+):\/\/([^/?#]*)([^?#]*)(?:\?([^#]*))?(?:#(.*))?$/.exec(text)
  const path = parts && decode(parts[3] ?? '')
  const fragment = parts && decode(parts[5] ?? '')
  if (!parts || path === undefined || fragment === undefined) return undefined
  const [, scheme = '', authority = '', rawPath = '', query = ''] = parts
  const isHttp = /^https?$/i.test(scheme)
  if (isHttp && !pathLike && !path?.endsWith('.git')) return undefined
  const remote = `${scheme.toLowerCase()}://${authority}${rawPath}`
  return { remote, query, fragment: fragment ?? '', pathLike }
}

type Settings = Omit<GitUrl, 'remote' | 'pathLike'>

/** The settings of a query on top of those of a fragment, or the problem with them. */
function readQuery(query: string, fragmentRef: string, fragmentSubdir: string): Settings | string {
  let ref = fragmentRef
  let subdir = fragmentSubdir
  const values = new Map<string, string>()
  for (const [key, value] of parsePairs(query).pairs) {
    if (values.has(key)) return `query ${JSON.stringify(key)} has multiple values`
    if (!KEYS.has(key)) return `unexpected query ${JSON.stringify(key)}`
    if (value === '' && !SWITCHES.has(key)) return `query ${JSON.stringify(key)} has no value`
    values.set(key, value)
  }
  const switches = new Map<string, boolean>()
  for (const key of SWITCHES) {
    const value = values.get(key)
    if (value === undefined) continue
    const parsed = value === '' ? true : parseBoolean(value)
    if (parsed === undefined) return `invalid ${key} value: ${JSON.stringify(value)}`
    switches.set(key, parsed)
  }
  const mtime = values.get('mtime')
  if (mtime !== undefined && mtime !== 'checkout' && mtime !== 'commit')
    return `invalid mtime value: ${JSON.stringify(mtime)} (expected "checkout" or "commit")`
  if (values.has('tag') && values.has('branch')) return 'branch conflicts with tag'
  for (const [key, prefix] of Object.entries(REFS)) {
    const value = values.get(key)
    if (value === undefined) continue
    const wanted = value.startsWith(prefix) ? value : `${prefix}${value}`
    if (ref !== '' && ref !== wanted) return `ref conflicts: ${JSON.stringify(ref)} vs ${JSON.stringify(wanted)}`
    ref = wanted
  }
  const wantedSubdir = values.get('subdir')
  if (wantedSubdir !== undefined) {
    if (subdir !== '' && subdir !== wantedSubdir)
      return `subdir conflicts: ${JSON.stringify(subdir)} vs ${JSON.stringify(wantedSubdir)}`
    subdir = cleanPath(wantedSubdir)
  }
  return {
    ref: ref || undefined,
    subdir: subdir || undefined,
    checksum: values.get('checksum') ?? values.get('commit'),
    keepGitDir: switches.get('keep-git-dir'),
    submodules: switches.get('submodules'),
    mtime,
    fetchByCommit: switches.get('fetch-by-commit') ?? false,
  }
}

const SWITCHES: ReadonlySet<string> = new Set(['keep-git-dir', 'submodules', 'fetch-by-commit'])
const KEYS: ReadonlySet<string> = new Set([
  ...SWITCHES,
  'ref',
  'tag',
  'branch',
  'subdir',
  'checksum',
  'commit',
  'mtime',
])
const REFS = { ref: '', tag: 'refs/tags/', branch: 'refs/heads/' } as const

/** Parses a query as Go's url.ParseQuery does: malformed pairs are left out, and make the query unsound. */
function parsePairs(query: string): {
  readonly pairs: readonly (readonly [string, string])[]
  readonly sound: boolean
} {
  const pairs: (readonly [string, string])[] = []
  let sound = true
  for (const text of query.split('&')) {
    if (text === '') continue
    const equals = text.indexOf('=')
    const key = decode((equals === -1 ? text : text.slice(0, equals)).replaceAll('+', ' '))
    const value = decode((equals === -1 ? '' : text.slice(equals + 1)).replaceAll('+', ' '))
    if (text.includes(';') || key === undefined || value === undefined) sound = false
    else pairs.push([key, value])
  }
  return { pairs, sound }
}

function decode(text: string): string | undefined {
  if (/%(?![0-9a-fA-F]{2})/.test(text)) return undefined
  try {
    return decodeURIComponent(text)
  } catch {
    // The bytes are not UTF-8: no ref and no path that this program can handle has such a name.
    return undefined
  }
}

/** The spellings of Go's strconv.ParseBool. */
function parseBoolean(text: string): boolean | undefined {
  if (/^(?:1|t|T|true|TRUE|True)$/.test(text)) return true
  return /^(?:0|f|F|false|FALSE|False)$/.test(text) ? false : undefined
}
