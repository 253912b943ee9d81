// A build context from a stream such as standard input (`tsbuild -`): an archive, or a Dockerfile.
import { join } from 'node:path'
import { TsbuildError } from '../../base/errors.ts'
import type { Store } from '../../cache/store.ts'
import { openContext } from '../../context/open-context.ts'
import { readTextFile } from '../../context/read-text.ts'
import { saveStream } from '../../context/save-stream.ts'
import type { BuildOptions } from '../build-options.ts'
import { newestTime } from '../source-date-epoch.ts'
import { isArchive, openArchiveContext } from './archive-context.ts'
import { chooseDockerfile } from './choose-dockerfile.ts'
import type { MainContext } from './main-context.ts'

/**
 * Opens the main context from a stream. Errors with `OPTION_INVALID`, and as saveStream() and
 * openArchiveContext() do.
 */
export async function openStdinContext(
  stream: AsyncIterable<Uint8Array>,
  options: Pick<BuildOptions, 'clock' | 'dockerfile' | 'signal'>,
  store: Store,
): Promise<MainContext> {
  const { dockerfile, signal } = options
  const path = join(store.temporary(), 'context')
  await saveStream(stream, path, { signal })
  if (isArchive(path)) {
    const { tree, entries } = await openArchiveContext(path, store, options)
    const time = async (): Promise<number | undefined> => newestTime(entries)
    return { tree, disk: undefined, ignore: undefined, time, dockerfile: chooseDockerfile(tree, dockerfile) }
  }
  if (dockerfile !== undefined) {
    throw new TsbuildError('OPTION_INVALID', 'there are two Dockerfiles: one by its name, and one on the stream', {
      hint: 'send a tar, plain or compressed, as the build context',
    })
  }
  const text = readTextFile(path)?.text ?? ''
  const opened = openContext(new Map(), { text, name: 'stdin' })
  const explainMissing = (): string =>
    'a Dockerfile on standard input comes without files: name a directory, with -f -, or send a tar'
  return { ...opened, explainMissing, time: async () => undefined }
}
