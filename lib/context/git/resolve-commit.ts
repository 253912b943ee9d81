import { TsbuildError } from '../../base/errors.ts'
import { type GitUrl, redactUrl } from '../../base/git-url.ts'
import { type GitCommand, gitFailed, runGit } from './run-git.ts'

/** The commit that a git URL refers to now. */
export interface ResolvedCommit {
  /** The object that the ref names: a commit, or an annotated tag. */
  readonly object: string
  /** The commit: the one that an annotated tag points to, else the same as `object`. */
  readonly commit: string
  /** The full name of the ref, `refs/heads/…`; undefined where the URL names a commit. */
  readonly ref: string | undefined
}

/**
 * Resolves the ref of a git URL at the remote. A full commit is returned without a request. A branch goes
 * before a tag of the same name, as in git. Errors with `GIT_FAILED` if there is no such ref, with
 * `DIGEST_MISMATCH` if the commit does not match the checksum, and as {@link runGit} does.
 */
export async function resolveCommit(url: GitUrl, command: GitCommand): Promise<ResolvedCommit> {
  const checksum = url.checksum?.toLowerCase()
  if (checksum !== undefined && !/^[a-f0-9]+$/.test(checksum))
    throw new TsbuildError('GIT_FAILED', `the checksum of a git URL must be a commit, not ${JSON.stringify(checksum)}`)
  if (url.ref !== undefined && isCommit(url.ref)) {
    if (checksum !== undefined && !url.ref.startsWith(checksum)) throw mismatch(url, checksum, [url.ref])
    return { object: url.ref, commit: url.ref, ref: undefined }
  }
  if (url.fetchByCommit) {
    if (checksum === undefined || !isCommit(checksum))
      throw new TsbuildError('GIT_FAILED', `fetch-by-commit needs a full commit: ${quoted(url)}`, {
        hint: 'add commit=… with all digits of the commit',
      })
    const ref = url.ref === undefined || url.ref.startsWith('refs/') ? url.ref : `refs/heads/${url.ref}`
    return { object: checksum, commit: checksum, ref }
  }
  const found = await findRef(url, command)
  if (checksum !== undefined && !found.object.startsWith(checksum) && !found.commit.startsWith(checksum))
    throw mismatch(url, checksum, [...new Set([found.object, found.commit])])
  return found
}

/** Whether a text is a full commit hash: 40 (SHA-1) or 64 (SHA-256) digits. */
export function isCommit(text: string): boolean {
  return /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(text)
}

async function findRef(url: GitUrl, command: GitCommand): Promise<ResolvedCommit> {
  try {
    const wanted = url.ref ?? (await defaultBranch(url, command))
    const listing = await runGit(['ls-remote', '--', url.remote, wanted, `${wanted}^{}`], command)
    const refs = new Map(
      listing.split('\n').map((line): [string, string] => [line.slice(line.indexOf('\t') + 1), line]),
    )
    const short = (prefix: string): string =>
      `${prefix}${wanted.startsWith(prefix) ? wanted.slice(prefix.length) : wanted}`
    for (const ref of [short('refs/'), short('refs/heads/'), short('refs/tags/')]) {
      const object = refs.get(ref)?.split('\t')[0]
      if (object === undefined || !isCommit(object)) continue
      const peeled = ref.startsWith('refs/tags/') ? refs.get(`${ref}^{}`)?.split('\t')[0] : undefined
      return { object, commit: peeled !== undefined && isCommit(peeled) ? peeled : object, ref }
    }
    throw new TsbuildError('GIT_FAILED', `${quoted(url)} has no ref ${JSON.stringify(wanted)}`, {
      hint: 'name a branch, a tag, or a commit with all of its digits',
    })
  } catch (error) {
    throw gitFailed(error, 'read', url.remote)
  }
}

async function defaultBranch(url: GitUrl, command: GitCommand): Promise<string> {
  const listing = await runGit(['ls-remote', '--symref', '--', url.remote, 'HEAD'], command)
  const branch = /refs\/heads\/(\S+)/.exec(listing)?.[1]
  if (branch !== undefined && !branch.startsWith('-')) return `refs/heads/${branch}`
  throw new TsbuildError('GIT_FAILED', `${quoted(url)} has no default branch`, { hint: 'name a ref: URL#BRANCH' })
}

function mismatch(url: GitUrl, checksum: string, found: readonly string[]): TsbuildError {
  const where = url.ref === undefined ? quoted(url) : `${JSON.stringify(url.ref)} of ${quoted(url)}`
  return new TsbuildError('DIGEST_MISMATCH', `expected ${where} to be commit ${checksum}, got ${found.join(' or ')}`)
}

function quoted({ remote }: GitUrl): string {
  return JSON.stringify(redactUrl(remote))
}
