import { isAbsolute } from 'node:path'
import { TsbuildError } from '../../base/errors.ts'
import { isHttpUrl } from '../../base/git-url.ts'
import type { Store } from '../../cache/store.ts'
import { openContext } from '../../context/open-context.ts'
import { parseContextUrl } from '../../context/parse-context-url.ts'
import { readTextFile } from '../../context/read-text.ts'
import { checkoutTime } from '../source-date-epoch.ts'
import { chooseDockerfile } from './choose-dockerfile.ts'
import type { MainContext } from './main-context.ts'
import { observeDownload } from './observe-download.ts'
import { openGitContext } from './open-git-context.ts'
import { downloadDockerfile, openHttpContext } from './open-http-context.ts'
import { openStdinContext } from './open-stdin-context.ts'
import type { ReadOptions } from './read-options.ts'

/**
 * Opens the main context and finds the Dockerfile. A remote context is downloaded, or taken from the store if
 * it has not changed. Temporary files last until the store is closed. Errors as the openers do:
 * `CONTEXT_NOT_FOUND`, `CONTEXT_INVALID`, `DOCKERFILE_NOT_FOUND`, `IGNORE_PATTERN`, `GIT_FAILED`,
 * `HTTP_FAILED`, `HTTP_STATUS`, `ARCHIVE_INVALID`, `ARCHIVE_TOO_LARGE`, …
 */
export async function openMainContext(options: ReadOptions, store: Store): Promise<MainContext> {
  const given = options.dockerfile
  const dockerfile =
    typeof given === 'string' && isHttpUrl(given) ? await downloadDockerfile(given, options, store) : given
  const { context, signal } = options
  if (typeof context === 'object' && 'stream' in context) {
    return openStdinContext(context.stream, { ...options, ...(dockerfile && { dockerfile }) }, store)
  }
  const remote = typeof context === 'string' ? parseContextUrl(context) : undefined
  if (!remote) {
    const opened = openContext(context, dockerfile)
    const { disk } = opened
    return { ...opened, time: async () => disk && checkoutTime(disk.root, signal) }
  }
  const { tree, only, time } = await observeDownload('context', options, (onBytes) =>
    remote.kind === 'git'
      ? openGitContext(remote.url, options, store)
      : openHttpContext(remote.url, options, store, onBytes),
  )
  const file = typeof dockerfile === 'string' && isAbsolute(dockerfile) ? readDockerfile(dockerfile) : dockerfile
  const chosen = typeof file === 'object' ? file : (only ?? file)
  return { tree, disk: undefined, ignore: undefined, time, dockerfile: chooseDockerfile(tree, chosen) }
}

function readDockerfile(path: string): { readonly text: string; readonly name: string } {
  const file = readTextFile(path)
  if (file) return file
  throw new TsbuildError('DOCKERFILE_NOT_FOUND', `Dockerfile ${JSON.stringify(path)} does not exist`)
}
