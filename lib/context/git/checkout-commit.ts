// Checks out the files of a commit, with as little history as the server allows.
import { lstatSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { TsbuildError } from '../../base/errors.ts'
import { type GitUrl, redactUrl } from '../../base/git-url.ts'
import { inspectCommit } from './inspect-commit.ts'
import type { ResolvedCommit } from './resolve-commit.ts'
import { type GitCommand, GitFailure, gitFailed, runGit } from './run-git.ts'

export interface Checkout {
  /** The directory with the files: the work tree, or the subdirectory that the URL names. */
  readonly directory: string
  /** The time of the commit, in seconds since 1970. */
  readonly committed: number
}

/**
 * Fetches a commit into `scratch`, an empty directory, and checks it out there, submodules included. Nothing
 * from the repository is executed: hooks and filters are off, and submodules are fetched over http, https, ssh
 * and git only. With `keepGitDir` the work tree has a `.git` with one commit, unless the URL names a
 * subdirectory. Errors with `GIT_FAILED`, `DIGEST_MISMATCH`, `ARCHIVE_TOO_LARGE` and as {@link runGit} does.
 */
export async function checkoutCommit(
  url: GitUrl,
  resolved: ResolvedCommit,
  scratch: string,
  options: { readonly keepGitDir: boolean } & Pick<GitCommand, 'signal' | 'env' | 'authorization'>,
): Promise<Checkout> {
  const workTree = join(scratch, 'tree')
  const keepsGitDir = options.keepGitDir && url.subdir === undefined
  const gitDir = keepsGitDir ? join(workTree, '.git') : join(scratch, 'git')
  mkdirSync(workTree)
  const { signal, env, authorization } = options
  const git: GitCommand = { cwd: workTree, gitDir, workTree, signal, env, authorization }
  try {
    await initialise(url, resolved, git)
    await fetchObject(url, resolved, git)
    const committed = Number(await runGit(['log', '-1', '--format=%ct', `${resolved.object}^{commit}`, '--'], git))
    const { hasSubmodules, isEmpty } = await inspectCommit(resolved.object, git)
    if (keepsGitDir) await attachHead(url, resolved, git)
    else if (!isEmpty) await runGit(['checkout', '--no-overlay', '--quiet', resolved.object, '--', '.'], git)
    if (hasSubmodules && url.submodules !== false) {
      await updateSubmodules(git)
    }
    return { directory: subdirectory(url, workTree), committed }
  } catch (error) {
    throw gitFailed(error, 'fetch', url.remote)
  }
}

async function initialise(url: GitUrl, { object }: ResolvedCommit, git: GitCommand): Promise<void> {
  const { gitDir = '' } = git
  mkdirSync(gitDir, { recursive: true })
  const format = object.length === 64 ? ['--object-format=sha256'] : []
  await runGit(['init', '--quiet', '--template=', ...format], git)
  // The URLs of submodules may be relative to this one.
  await runGit(['remote', 'add', '--', 'origin', url.remote], git)
}

/**
 * Fetches the object: alone if possible, else with all branches and tags, for servers that serve advertised
 * refs only.
 */
async function fetchObject(url: GitUrl, resolved: ResolvedCommit, git: GitCommand): Promise<void> {
  const { object, ref } = resolved
  const has = async (): Promise<boolean> => {
    try {
      await runGit(['cat-file', '-e', `${object}^{commit}`], git)
      return true
    } catch (error) {
      if (error instanceof GitFailure) return false
      throw error
    }
  }
  // The ref may have moved since it was resolved. The resolved commit is the one to build.
  if (ref !== undefined && !url.fetchByCommit) {
    await fetchShallow(['--force', '--', 'origin', `${ref}:${ref}`], git)
    if (await has()) return
  }
  try {
    await fetchShallow(['--', 'origin', object], git)
  } catch (error) {
    if (!(error instanceof GitFailure) || !/not our ref|unadvertised object|no such remote ref/i.test(error.stderr))
      throw error
    const all = ['+refs/heads/*:refs/remotes/origin/*', '+refs/tags/*:refs/tags/*']
    await runGit(['fetch', '--quiet', '--', 'origin', ...all], git)
  }
  if (await has()) return
  throw new TsbuildError('GIT_FAILED', `${JSON.stringify(redactUrl(url.remote))} has no commit ${object}`, {
    hint: 'write all digits of the commit, which must be part of a branch or tag',
  })
}

async function updateSubmodules(git: GitCommand): Promise<void> {
  const update = ['submodule', '--quiet', 'update', '--init', '--recursive']
  try {
    await runGit([...update, '--depth=1'], git)
  } catch (error) {
    // Some servers refuse a commit that no ref names, and some cannot serve a shallow clone.
    if (!(error instanceof GitFailure) || !/shallow|depth|did not contain|unadvertised|not our ref/i.test(error.stderr))
      throw error
    await runGit(update, git)
  }
}

async function fetchShallow(args: readonly string[], git: GitCommand): Promise<void> {
  const fetch = ['fetch', '--quiet', '--no-tags', '--update-head-ok', '--no-recurse-submodules']
  try {
    await runGit([...fetch, '--depth=1', ...args], git)
  } catch (error) {
    // A server of static files ("dumb HTTP") cannot serve a shallow clone.
    if (!(error instanceof GitFailure) || !/shallow|depth/i.test(error.stderr)) throw error
    await runGit([...fetch, ...args], git)
  }
}

/**
 * Leaves the checkout as BuildKit does: HEAD detached at the commit, the ref present, no credentials in the
 * configuration.
 */
async function attachHead(url: GitUrl, { object, ref }: ResolvedCommit, git: GitCommand): Promise<void> {
  if (ref !== undefined && url.fetchByCommit) await runGit(['update-ref', '--', ref, object], git)
  await runGit(['checkout', '--quiet', '--detach', `${object}^{commit}`, '--'], git)
  await runGit(['reflog', 'expire', '--all', '--expire=now'], git)
  await runGit(['remote', 'set-url', '--', 'origin', url.remote.replace(/^(https?:\/\/)[^/]*@/, '$1')], git)
  rmSync(join(git.gitDir ?? '', 'FETCH_HEAD'), { force: true })
}

/** Resolves the subdirectory without following symlinks, as BuildKit does. */
function subdirectory({ subdir, remote }: GitUrl, workTree: string): string {
  let directory = workTree
  for (const part of subdir === undefined ? [] : subdir.split('/')) {
    directory = join(directory, part)
    const stat = lstatSync(directory, { throwIfNoEntry: false })
    if (stat?.isDirectory()) continue
    const problem = stat === undefined ? 'does not exist' : 'is not a directory'
    const path = JSON.stringify(directory.slice(workTree.length + 1))
    throw new TsbuildError('GIT_FAILED', `${path} in ${JSON.stringify(redactUrl(remote))} ${problem}`)
  }
  return directory
}
