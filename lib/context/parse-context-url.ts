import { statSync } from 'node:fs'
import { TsbuildError } from '../base/errors.ts'
import { type GitUrl, isHttpUrl, parseGitUrl } from '../base/git-url.ts'

/** A context that has to be fetched. */
export type RemoteContext =
  | { readonly kind: 'git'; readonly url: GitUrl }
  | { readonly kind: 'http'; readonly url: string }

/**
 * What a context's name stands for if it is a URL; undefined for a path. A directory of that name goes first. Errors with
 * `CONTEXT_INVALID` for a git URL that contradicts itself.
 */
export function remoteContext(name: string): RemoteContext | undefined {
  if (statSync(name, { throwIfNoEntry: false })?.isDirectory()) return undefined
  const git = parseGitUrl(name)
  if (git?.kind === 'git') return git
  if (git) throw new TsbuildError('CONTEXT_INVALID', `context ${JSON.stringify(name)}: ${git.problem}`)
  return isHttpUrl(name) ? { kind: 'http', url: name } : undefined
}
