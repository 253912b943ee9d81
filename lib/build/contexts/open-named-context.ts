import type { Store } from '../../cache/store.ts'
import type { ContextFiles } from '../../context/context-source.ts'
import { openNamedContext as openLocalContext } from '../../context/open-context.ts'
import { parseContextUrl } from '../../context/parse-context-url.ts'
import type { OpenedContext } from '../../executor/session.ts'
import type { BuildOptions } from '../build-options.ts'
import { observeDownload } from './observe-download.ts'
import { openNamedGitContext } from './open-git-context.ts'
import { openNamedHttpContext } from './open-http-context.ts'

/** Opens a named context that holds files. Errors as openMainContext() does, except for Dockerfiles. */
export async function openNamedContext(
  name: string,
  source: ContextFiles,
  options: BuildOptions,
  store: Store,
): Promise<OpenedContext> {
  const remote = typeof source === 'string' ? parseContextUrl(source) : undefined
  if (!remote) return openLocalContext(source)
  const tree = await observeDownload(name, options, (onBytes) =>
    remote.kind === 'git'
      ? openNamedGitContext(remote.url, options, store)
      : openNamedHttpContext(remote.url, options, store, onBytes),
  )
  return { tree, disk: undefined }
}
