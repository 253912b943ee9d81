import { statSync } from 'node:fs'
import { TsbuildError } from '../base/errors.ts'
import { type GitUrl, isHttpUrl, parseGitUrl } from '../base/git-url.ts'

/** A context that has to be downloaded. */
export type RemoteContext =
  | { readonly kind: 'git'; readonly url: GitUrl }
  | { readonly kind: 'http'; readonly url: string }

/**
 * Parses the source of a context as a git or http(s) URL. Undefined for a path; a directory of that name goes
 * first. Errors with `CONTEXT_INVALID` for a git URL with contradictory parts.
 */
export function parseContextUrl(name: string): RemoteContext | undefined {
  if (statSync(name, { throwIfNoEntry: false })?.isDirectory()) return undefined
  const git = parseGitUrl(name)
  if (git?.kind === 'git') return git
  if (git) throw new TsbuildError('CONTEXT_INVALID', `context ${JSON.stringify(name)}: ${git.problem}`)
  return isHttpUrl(name) ? { kind: 'http', url: name } : undefined
}
