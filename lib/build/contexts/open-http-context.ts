// A build context, or a Dockerfile, from an http or https URL.
import type { Store } from '../../cache/store.ts'
import { findTreeDockerfile } from '../../context/find-tree-dockerfile.ts'
import type { RemoteFileOptions } from '../../executor/remote/remote-file.ts'
import type { FileTree, TreeEntry } from '../../layers/file-tree.ts'
import { accessOf } from '../access-of.ts'
import type { BuildOptions } from '../build-options.ts'
import { newestTime } from '../source-date-epoch.ts'
import { isArchive, openArchiveContext } from './archive-context.ts'
import type { DownloadedContext } from './downloaded-context.ts'

/** The name of a single file that is the whole context. */
const FILE_NAME = 'context'

type OnBytes = (bytes: number) => void

/**
 * Opens the main context from a URL: an archive, or a single file, which is the Dockerfile. Errors as
 * openRemoteFile() does.
 */
export async function openHttpContext(
  url: string,
  options: BuildOptions,
  store: Store,
  onBytes: OnBytes,
): Promise<DownloadedContext> {
  const file = await openRemoteFile(url, { ...request(options, store), name: FILE_NAME, onBytes })
  const path = file.content?.kind === 'file' ? file.content.path : ''
  const modified = file.mtime || undefined
  if (!isArchive(path)) return { tree: singleFileTree(file), only: FILE_NAME, time: async () => modified }
  const { tree, entries } = await openArchiveContext(path, store, options)
  return { tree, time: async () => modified ?? newestTime(entries) }
}

/** Opens a named context from a URL. As in BuildKit it is a single file, and an archive is not unpacked. */
export async function openNamedHttpContext(
  url: string,
  options: BuildOptions,
  store: Store,
  onBytes: OnBytes,
): Promise<FileTree> {
  return singleFileTree(await openRemoteFile(url, { ...request(options, store), name: FILE_NAME, onBytes }))
}

/** Downloads a Dockerfile (`-f URL`). Errors as openRemoteFile() does, and with `DOCKERFILE_NOT_FOUND`. */
export async function downloadDockerfile(
  url: string,
  options: BuildOptions,
  store: Store,
): Promise<{ text: string; name: string }> {
  const name = 'Dockerfile'
  const file = await openRemoteFile(url, { ...request(options, store), name })
  return { text: findTreeDockerfile(singleFileTree(file), name).text, name }
}

const request = (options: BuildOptions, store: Store): Pick<RemoteFileOptions, 'store' | 'access' | 'signal'> => ({
  store,
  access: accessOf(options),
  signal: options.signal,
})

// Loaded here, since most contexts are local.
async function openRemoteFile(url: string, options: RemoteFileOptions): Promise<TreeEntry> {
  return (await import('../../executor/remote/remote-file.ts')).openRemoteFile(url, options)
}

function singleFileTree(file: TreeEntry): FileTree {
  const root: TreeEntry = { path: '', type: 'directory', mode: 0o755, uid: 0, gid: 0, mtime: file.mtime, size: 0 }
  return {
    lookup: (path) => (path === '' ? root : path === file.path ? file : undefined),
    list: (path) => (path === '' ? [file] : []),
  }
}
