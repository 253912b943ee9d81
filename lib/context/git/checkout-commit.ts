// A commit's files as a directory, with as little of the repository's history as the server gives.
import { lstatSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { TsbuildError } from '../../base/errors.ts'
import { type GitUrl, redactUrl } from '../../base/git-url.ts'
import { inspectCommit } from './inspect-commit.ts'
import type { ResolvedCommit } from './resolve-commit.ts'
import { type GitCommand, GitFailure, gitFailed, runGit } from './run-git.ts'

export interface Checkout {
  /** The directory with the files that are wanted: of the subdirectory, if there is one. */
  readonly directory: string
  /** Seconds since 1970: when the commit was made. */
  readonly committed: number
}

/**
 * Fetches a commit into `scratch`, an empty directory, and checks it out there, submodules included. Nothing of the repository is
 * executed: no hooks, no filters, and submodules come over http, https, ssh and git only. With `keepGitDir` the whole repository has
 * its `.git`, with one commit. Errors with `GIT_FAILED`, `DIGEST_MISMATCH`, `ARCHIVE_TOO_LARGE` and as {@link runGit}.
 */
export async function checkoutCommit(
  url: GitUrl,
  resolved: ResolvedCommit,
  scratch: string,
  options: { readonly keepGitDir: boolean } & Pick<GitCommand, 'signal' | 'authorization'>,
): Promise<Checkout> {
  const workTree = join(scratch, 'tree')
  const keepsGitDir = options.keepGitDir && url.subdir === undefined
  const gitDir = keepsGitDir ? join(workTree, '.git') : join(scratch, 'git')
  mkdirSync(workTree)
  const { signal, authorization } = options
  const git: GitCommand = { cwd: workTree, gitDir, workTree, signal, authorization }
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
  // Submodules may have addresses that are relative to this one.
  await runGit(['remote', 'add', '--', 'origin', url.remote], git)
}

/** Gets the object: its ref or itself alone, else everything, for servers that give only what they advertise. */
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
  // The ref may point elsewhere by now: the commit that was resolved is what counts.
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
    hint: 'give all its digits; it has to be part of a branch or tag',
  })
}

async function updateSubmodules(git: GitCommand): Promise<void> {
  const update = ['submodule', '--quiet', 'update', '--init', '--recursive']
  try {
    await runGit([...update, '--depth=1'], git)
  } catch (error) {
    // Not all servers give a commit that no ref names, nor one without those before it.
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
    // Servers of plain files know no shallow clones.
    if (!(error instanceof GitFailure) || !/shallow|depth/i.test(error.stderr)) throw error
    await runGit([...fetch, ...args], git)
  }
}

/** A checkout as BuildKit leaves it: HEAD at the commit, the ref known, no credentials in the configuration. */
async function attachHead(url: GitUrl, { object, ref }: ResolvedCommit, git: GitCommand): Promise<void> {
  if (ref !== undefined && url.fetchByCommit) await runGit(['update-ref', '--', ref, object], git)
  await runGit(['checkout', '--quiet', '--detach', `${object}^{commit}`, '--'], git)
  await runGit(['reflog', 'expire', '--all', '--expire=now'], git)
  await runGit(['remote', 'set-url', '--', 'origin', url.remote.replace(/^(https?:\/\/)[^/]*@/, '$1')], git)
  rmSync(join(git.gitDir ?? '', 'FETCH_HEAD'), { force: true })
}

/** As in BuildKit, no symlink leads to what becomes the root. */
function subdirectory({ subdir, remote }: GitUrl, workTree: string): string {
  let directory = workTree
  for (const part of subdir === undefined ? [] : subdir.split('/')) {
    directory = join(directory, part)
    const stat = lstatSync(directory, { throwIfNoEntry: false })
    if (stat?.isDirectory()) continue
    const what = stat === undefined ? 'is not there' : 'is not a directory'
    const at = JSON.stringify(directory.slice(workTree.length + 1))
    throw new TsbuildError('GIT_FAILED', `${at} in ${JSON.stringify(redactUrl(remote))} ${what}`)
  }
  return directory
}
