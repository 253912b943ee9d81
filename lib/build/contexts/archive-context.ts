// A build context that is an archive: a tar, plain or compressed.
import { closeSync, openSync, readSync } from 'node:fs'
import { TsbuildError } from '../../base/errors.ts'
import type { Store } from '../../cache/store.ts'
import { SYSTEM_CLOCK } from '../../executor/clock.ts'
import { archiveTree } from '../../executor/copy/archive-tree.ts'
import { withUnpackLimit } from '../../executor/copy/unpack-limit.ts'
import { openArchive } from '../../layers/archive/open-archive.ts'
import { detectCompression } from '../../layers/decompress/compression-magic.ts'
import type { SourceEntry } from '../../layers/entry.ts'
import type { FileTree } from '../../layers/file-tree.ts'
import { startsWithHeader } from '../../layers/tar/decode-header.ts'
import type { BuildOptions } from '../build-options.ts'

/**
 * Whether a file is an archive rather than a Dockerfile. As in docker, its content decides: a compression, or a
 * tar header.
 */
export function isArchive(path: string): boolean {
  const head = Buffer.alloc(1024)
  const file = openSync(path, 'r')
  try {
    const start = head.subarray(0, readSync(file, head, 0, head.length, 0))
    return detectCompression(start) !== undefined || startsWithHeader(start)
  } finally {
    closeSync(file)
  }
}

/** Opens an archive as a tree. Errors with `CONTEXT_INVALID`, and as openArchive() does. */
export async function openArchiveContext(
  path: string,
  store: Store,
  { clock = SYSTEM_CLOCK, signal }: Pick<BuildOptions, 'clock' | 'signal'>,
): Promise<{ readonly tree: FileTree; readonly entries: readonly SourceEntry[] }> {
  const archive = await openArchive(path, withUnpackLimit(store), { name: 'the build context', signal })
  if (archive) {
    const { entries } = archive
    return { tree: archiveTree(entries, Math.floor(clock.now() / 1000)), entries }
  }
  throw new TsbuildError('CONTEXT_INVALID', 'the build context is compressed, but there is no tar in it')
}
