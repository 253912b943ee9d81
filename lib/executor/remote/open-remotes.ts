// The remote sources of ADD: URLs and git repositories.
import { withLocation } from '../../base/errors.ts'
import type { CopyOp, RemoteInput } from '../../graph/types.ts'
import type { RemoteContent } from '../copy/plan-copy.ts'
import type { Session } from '../session.ts'

/**
 * Opens the remote sources of an ADD side by side. A source that the store has in its current state is not fetched
 * again. Errors with the location of the source, as openRemoteFile() and openRemoteGit() do; both are loaded only when
 * they are needed.
 */
export async function openRemotes(
  { sources }: CopyOp,
  {
    store,
    downloads,
    access,
    signal,
    location,
  }: Pick<Session, 'store' | 'downloads' | 'access' | 'signal' | 'location'>,
  onBytes: (bytes: number) => void,
): Promise<ReadonlyMap<RemoteInput, RemoteContent>> {
  const inputs = sources.flatMap((source) => (source.kind === 'url' || source.kind === 'git' ? source : []))
  const opened = await Promise.all(
    inputs.map(async (input): Promise<readonly [RemoteInput, RemoteContent]> => {
      try {
        return [input, await openRemote(input)]
      } catch (error) {
        throw withLocation(error, location(input.span))
      }
    }),
  )
  return new Map(opened)

  async function openRemote(input: RemoteInput): Promise<RemoteContent> {
    if (input.kind === 'url') {
      const { url, name, checksum } = input
      const { openRemoteFile } = await import('./remote-file.ts')
      return {
        kind: 'file',
        entry: await openRemoteFile(url, { store, name, checksum, downloads, access, signal, onBytes }),
      }
    }
    const commitTime = input.url.mtime === 'commit'
    const { openRemoteGit } = await import('./remote-git.ts')
    return {
      kind: 'tree',
      tree: await openRemoteGit(input.url, { store, keepGitDir: input.keepGitDir, commitTime, access, signal }),
    }
  }
}
