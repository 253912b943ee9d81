// A build context from a git URL, such as https://example.org/app.git#v1:web.
import type { GitUrl } from '../../base/git-url.ts'
import type { Store } from '../../cache/store.ts'
import type { RemoteGitOptions } from '../../executor/remote/remote-git.ts'
import type { FileTree } from '../../layers/file-tree.ts'
import { accessOf } from '../access-of.ts'
import type { BuildOptions } from '../build-options.ts'
import { givenEpoch } from '../source-date-epoch.ts'
import type { DownloadedContext } from './downloaded-context.ts'

/** Opens the main context from a git URL. Errors as openRemoteGit() does. */
export async function openGitContext(url: GitUrl, options: BuildOptions, store: Store): Promise<DownloadedContext> {
  const { signal, buildArgs = {} } = options
  const { keepGitDir = false, mtime } = url
  const keepsAnyway = /^(?:1|t|true)$/i.test(buildArgs['BUILDKIT_CONTEXT_KEEP_GIT_DIR'] ?? '')
  const commitTime = mtime === 'commit' || givenEpoch(options) !== undefined
  const common = { store, keepGitDir: keepGitDir || keepsAnyway, access: accessOf(options), signal }
  const tree = await openRemoteGit(url, { ...common, commitTime })
  const time = async (): Promise<number | undefined> =>
    (commitTime ? tree : await openRemoteGit(url, { ...common, commitTime: true })).lookup('')?.mtime
  return { tree, time }
}

/** Opens a named context from a git URL. Errors as openRemoteGit() does. */
export function openNamedGitContext(url: GitUrl, options: BuildOptions, store: Store): Promise<FileTree> {
  const { keepGitDir = false, mtime } = url
  const access = accessOf(options)
  return openRemoteGit(url, { store, keepGitDir, commitTime: mtime === 'commit', access, signal: options.signal })
}

// Loaded here, since most contexts are local.
async function openRemoteGit(url: GitUrl, options: RemoteGitOptions): Promise<FileTree> {
  return (await import('../../executor/remote/remote-git.ts')).openRemoteGit(url, options)
}
