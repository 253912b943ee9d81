// Build contexts of every kind, opened: directories and files in memory as they are, all others through the store.
import { closeSync, openSync, readSync } from 'node:fs'
import { isAbsolute, join } from 'node:path'
import { TsbuildError } from '../../base/errors.ts'
import { type GitUrl, isHttpUrl } from '../../base/git-url.ts'
import type { SourceFile } from '../../base/source.ts'
import type { Store } from '../../cache/store.ts'
import type { NamedContext } from '../../context/context-source.ts'
import { readTextFile } from '../../context/find-dockerfile.ts'
import { findTreeDockerfile } from '../../context/find-tree-dockerfile.ts'
import type { IgnoreMatcher } from '../../context/ignore/ignore-matcher.ts'
import { openContext, openNamedContext } from '../../context/open-context.ts'
import { parseContextUrl, type RemoteContext } from '../../context/parse-context-url.ts'
import { saveStream } from '../../context/save-stream.ts'
import { archiveTree } from '../../executor/copy/archive-tree.ts'
import { withUnpackLimit } from '../../executor/copy/unpack-limit.ts'
import { observeStep } from '../../executor/observe-step.ts'
import type { RemoteFileOptions } from '../../executor/remote/remote-file.ts'
import type { RemoteGitOptions } from '../../executor/remote/remote-git.ts'
import type { OpenedContext } from '../../executor/session.ts'
import { openArchive } from '../../layers/archive/read-archive.ts'
import { detectCompression } from '../../layers/decompress/compression-magic.ts'
import type { SourceEntry } from '../../layers/entry.ts'
import type { FileTree, TreeEntry } from '../../layers/file-tree.ts'
import { startsWithHeader } from '../../layers/tar/decode-header.ts'
import type { BuildOptions } from '../build-options.ts'
import { checkoutTime, givenEpoch, newestTime } from '../source-date-epoch.ts'

/** The main build context and the Dockerfile. */
export interface MainContext extends OpenedContext {
  readonly dockerfile: SourceFile
  /** Undefined where there is no ignore file, and for contexts that are fetched, to which, as in BuildKit, none applies. */
  readonly ignore: IgnoreMatcher | undefined
  /** Seconds since 1970: when what it holds is from, for `SOURCE_DATE_EPOCH=context`. Undefined where nothing tells. */
  readonly time: () => Promise<number | undefined>
}

/** What a single file is called that is the whole context. */
const FILE_NAME = 'context'

/**
 * Opens the main context and finds the Dockerfile. What is not on this machine is fetched, or taken from the store if it still is the
 * same; what is temporary lasts until the store is closed. Errors as the ways to get there do: `CONTEXT_NOT_FOUND`, `CONTEXT_INVALID`,
 * `DOCKERFILE_NOT_FOUND`, `IGNORE_PATTERN`, `GIT_FAILED`, `HTTP_FAILED`, `HTTP_STATUS`, `ARCHIVE_INVALID`, `ARCHIVE_TOO_LARGE`, …
 */
export async function openMainContext(options: BuildOptions, store: Store): Promise<MainContext> {
  const given = options.dockerfile
  const dockerfile =
    typeof given === 'string' && isHttpUrl(given) ? await downloadDockerfile(given, options, store) : given
  const { context } = options
  if (typeof context === 'object' && 'stream' in context) {
    return openStream(context.stream, { ...options, ...(dockerfile && { dockerfile }) }, store)
  }
  const remote = typeof context === 'string' ? parseContextUrl(context) : undefined
  if (!remote) {
    const opened = openContext(context, dockerfile)
    const { disk } = opened
    return { ...opened, time: async () => disk && checkoutTime(disk.root, options.signal) }
  }
  const { tree, only, time } = await observe('context', options, (onBytes) =>
    fetchContext(remote, options, store, onBytes),
  )
  const file = typeof dockerfile === 'string' && isAbsolute(dockerfile) ? localFile(dockerfile) : dockerfile
  return { tree, disk: undefined, ignore: undefined, time, dockerfile: chooseDockerfile(tree, file, only) }
}

/** Opens a named context that holds files. Errors as {@link openMainContext} does, but for the Dockerfile's. */
export async function openFileContext(
  name: string,
  source: NamedContext,
  options: BuildOptions,
  store: Store,
): Promise<OpenedContext> {
  const remote = typeof source === 'string' ? parseContextUrl(source) : undefined
  if (!remote) return openNamedContext(source)
  const { signal, run } = options
  const secrets = run?.secrets
  const tree = await observe(name, options, async (onBytes) => {
    if (remote.kind === 'http') {
      // As in BuildKit, it stays as it is, archive or not.
      return singleFile(await openRemoteFile(remote.url, { store, name: FILE_NAME, secrets, signal, onBytes }))
    }
    const { keepGitDir = false, mtime } = remote.url
    return openRemoteGit(remote.url, { store, keepGitDir, commitTime: mtime === 'commit', secrets, signal })
  })
  return { tree, disk: undefined }
}

/** Fetching as a step of the build: what takes its time is seen, though there is no graph yet. */
async function observe<T>(
  name: string,
  { onEvent = () => {}, signal = new AbortController().signal }: BuildOptions,
  fetch: (onBytes: (bytes: number) => void) => Promise<T>,
): Promise<T> {
  const step = `context:${name}`
  const label = name === 'context' ? '[internal] load build context' : `[context ${name}] load`
  onEvent({ type: 'plan', time: Date.now(), steps: [{ id: step, name: label, inputs: [] }] })
  const onBytes = (current: number): void =>
    onEvent({ type: 'progress', time: Date.now(), step, current, unit: 'bytes' })
  return observeStep(step, { emit: onEvent, signal }, () => fetch(onBytes))
}

interface FetchedContext {
  readonly tree: FileTree
  /** The path of the only file, if the context is just that. */
  readonly only?: string
  readonly time: MainContext['time']
}

async function fetchContext(
  remote: RemoteContext,
  options: BuildOptions,
  store: Store,
  onBytes: (bytes: number) => void,
): Promise<FetchedContext> {
  const { signal, buildArgs = {}, run } = options
  const secrets = run?.secrets
  if (remote.kind === 'git') {
    const { keepGitDir = false, mtime } = remote.url
    const keepsAnyway = /^(?:1|t|true)$/i.test(buildArgs['BUILDKIT_CONTEXT_KEEP_GIT_DIR'] ?? '')
    const commitTime = mtime === 'commit' || givenEpoch(options) !== undefined
    const own = { store, keepGitDir: keepGitDir || keepsAnyway, secrets, signal }
    const tree = await openRemoteGit(remote.url, { ...own, commitTime })
    const time = async (): Promise<number | undefined> =>
      (commitTime ? tree : await openRemoteGit(remote.url, { ...own, commitTime: true })).lookup('')?.mtime
    return { tree, time }
  }
  const file = await openRemoteFile(remote.url, { store, name: FILE_NAME, secrets, signal, onBytes })
  const path = file.content?.kind === 'file' ? file.content.path : ''
  const modified = file.mtime || undefined
  if (!isArchive(path)) return { tree: singleFile(file), only: FILE_NAME, time: async () => modified }
  const { tree, entries } = await unpack(path, store, signal)
  return { tree, time: async () => modified ?? newestTime(entries) }
}

async function openStream(
  stream: AsyncIterable<Uint8Array>,
  { dockerfile, signal }: BuildOptions,
  store: Store,
): Promise<MainContext> {
  const path = join(store.temporary(), 'context')
  await saveStream(stream, path, { signal })
  if (isArchive(path)) {
    const { tree, entries } = await unpack(path, store, signal)
    const time = async (): Promise<number | undefined> => newestTime(entries)
    return { tree, disk: undefined, ignore: undefined, time, dockerfile: chooseDockerfile(tree, dockerfile, undefined) }
  }
  if (dockerfile !== undefined) {
    throw new TsbuildError('OPTION_INVALID', 'two Dockerfiles are given: one by its name, and one on the stream', {
      hint: 'a build context on a stream is a tar, plain or compressed',
    })
  }
  const text = readTextFile(path)?.text ?? ''
  return { ...openContext(new Map(), { text, name: 'stdin' }), time: async () => undefined }
}

async function downloadDockerfile(
  url: string,
  { signal, run }: BuildOptions,
  store: Store,
): Promise<{ text: string; name: string }> {
  const file = await openRemoteFile(url, { store, name: 'Dockerfile', secrets: run?.secrets, signal })
  const { text } = chooseDockerfile(singleFile(file), undefined, 'Dockerfile')
  return { text, name: 'Dockerfile' }
}

function chooseDockerfile(tree: FileTree, wanted: BuildOptions['dockerfile'], only: string | undefined): SourceFile {
  if (typeof wanted === 'object') return { name: wanted.name ?? 'Dockerfile', text: wanted.text }
  return findTreeDockerfile(tree, only ?? wanted)
}

function localFile(path: string): { readonly text: string; readonly name: string } {
  const file = readTextFile(path)
  if (file) return file
  throw new TsbuildError('DOCKERFILE_NOT_FOUND', `Dockerfile ${JSON.stringify(path)} does not exist`)
}

async function unpack(
  path: string,
  store: Store,
  signal: AbortSignal | undefined,
): Promise<{ readonly tree: FileTree; readonly entries: readonly SourceEntry[] }> {
  const archive = await openArchive(path, withUnpackLimit(store), { name: 'the build context', signal })
  if (archive) {
    const { entries } = archive
    return { tree: archiveTree(entries, Math.floor(Date.now() / 1000)), entries }
  }
  throw new TsbuildError('CONTEXT_INVALID', 'the build context is compressed, but there is no tar in it')
}

/** By its content, as docker tells archives from Dockerfiles: compressed, or a tar's header. */
function isArchive(path: string): boolean {
  const head = Buffer.alloc(1024)
  const file = openSync(path, 'r')
  try {
    const start = head.subarray(0, readSync(file, head, 0, head.length, 0))
    return detectCompression(start) !== undefined || startsWithHeader(start)
  } finally {
    closeSync(file)
  }
}

// What fetches is loaded where there is something to fetch.
async function openRemoteFile(url: string, options: RemoteFileOptions): Promise<TreeEntry> {
  return (await import('../../executor/remote/remote-file.ts')).openRemoteFile(url, options)
}

async function openRemoteGit(url: GitUrl, options: RemoteGitOptions): Promise<FileTree> {
  return (await import('../../executor/remote/remote-git.ts')).openRemoteGit(url, options)
}

function singleFile(file: TreeEntry): FileTree {
  const root: TreeEntry = { path: '', type: 'directory', mode: 0o755, uid: 0, gid: 0, mtime: file.mtime, size: 0 }
  return {
    lookup: (path) => (path === '' ? root : path === file.path ? file : undefined),
    list: (path) => (path === '' ? [file] : []),
  }
}
