// Root filesystems of one platform or several, for the outputs that are files and no image.
import { TsbuildError } from '../base/errors.ts'
import type { SourceEntry } from '../layers/entry.ts'
import { entryWith } from '../layers/entry-with.ts'
import type { FileTree } from '../layers/file-tree.ts'
import { treeEntries } from '../layers/union/tree-entries.ts'
import type { ContentStore } from '../oci/content.ts'
import type { ImageSet } from '../oci/image-set.ts'
import { formatPlatform } from '../oci/platform.ts'
import { imageTree } from './image-tree.ts'

export interface ImageRoot {
  readonly tree: FileTree
  /** What it is called among those of several platforms, e.g. `linux_arm_v7`. */
  readonly directory: string
  readonly platform: string
}

export interface ImageRoots {
  /** Sorted by directory. */
  readonly roots: readonly ImageRoot[]
  /** Whether each is to have its directory. */
  readonly isSplit: boolean
}

/** The roots of all images. Errors as imageTree() does, and with `OUTPUT_INVALID` where roots that are to be one have the same file. */
export async function splitRoots(
  { images, isIndex }: ImageSet,
  { platformSplit = isIndex }: { readonly platformSplit?: boolean },
  { store, signal }: { readonly store: ContentStore; readonly signal?: AbortSignal | undefined },
): Promise<ImageRoots> {
  const roots: ImageRoot[] = []
  for (const image of images) {
    const platform = formatPlatform(image.descriptor.platform ?? image.config)
    roots.push({ tree: await imageTree(image, store, signal), directory: platform.replaceAll('/', '_'), platform })
  }
  roots.sort((a, b) => (a.directory < b.directory ? -1 : 1))
  if (!platformSplit && isIndex) checkMerge(roots)
  return { roots, isSplit: platformSplit }
}

/** Everything in one tar: each root below its directory if they are split. `time`: seconds since 1970, of those directories. */
export function* rootEntries(
  roots: readonly ImageRoot[],
  isSplit: boolean,
  time: number,
): Generator<SourceEntry, void, undefined> {
  for (const { tree, directory } of roots) {
    if (!isSplit) {
      yield* treeEntries(tree)
      continue
    }
    yield { path: directory, type: 'directory', mode: 0o755, uid: 0, gid: 0, mtime: time, size: 0 }
    for (const entry of treeEntries(tree)) {
      const path = `${directory}/${entry.path}`
      const isLink = entry.type === 'hardlink' && entry.linkname !== undefined
      yield entryWith(entry, isLink ? { path, linkname: `${directory}/${entry.linkname}` } : { path })
    }
  }
}

/** Directories may be of several. */
function checkMerge(roots: readonly ImageRoot[]): void {
  const owners = new Map<string, string>()
  for (const { tree, platform } of roots) {
    for (const { path, type } of treeEntries(tree)) {
      if (type === 'directory') continue
      const owner = owners.get(path)
      owners.set(path, platform)
      if (owner === undefined) continue
      const message = `can not write ${JSON.stringify(path)} of ${platform}: ${owner} has it, too`
      throw new TsbuildError('OUTPUT_INVALID', message, {
        hint: 'leave out platform-split=false, then each platform gets a directory of its own',
      })
    }
  }
}
