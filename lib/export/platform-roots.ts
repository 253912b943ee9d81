// Root filesystems of one or several platforms, for the outputs that are files instead of an image (-o
// type=local, type=tar).
import { TsbuildError } from '../base/errors.ts'
import type { SourceEntry } from '../layers/entry.ts'
import { entryWith } from '../layers/entry-with.ts'
import type { FileTree } from '../layers/file-tree.ts'
import { treeEntries } from '../layers/union/tree-entries.ts'
import type { ContentStore } from '../oci/content.ts'
import { formatPlatform } from '../oci/platform.ts'
import type { ImageSet } from '../oci/write-index.ts'
import { imageTree } from './image-tree.ts'

export interface ImageRoot {
  readonly tree: FileTree
  /** The directory for this platform if there are several, e.g. `linux_arm_v7`. */
  readonly directory: string
  readonly platform: string
}

export interface ImageRoots {
  /** Sorted by directory. */
  readonly roots: readonly ImageRoot[]
  /** Whether each root goes to a directory of its own. */
  readonly isSplit: boolean
}

/**
 * The roots of all images. Errors as imageTree() does, and with `OUTPUT_INVALID` if merged roots have a file in
 * common.
 */
export async function platformRoots(
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

/** The entries of all roots for one tar. `time` is that of the directories of platforms, in seconds since 1970. */
export function* rootEntries({ roots, isSplit }: ImageRoots, time: number): Generator<SourceEntry, void, undefined> {
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

/** Refuses files that two roots have. Directories may be in several roots. */
function checkMerge(roots: readonly ImageRoot[]): void {
  const owners = new Map<string, string>()
  for (const { tree, platform } of roots) {
    for (const { path, type } of treeEntries(tree)) {
      if (type === 'directory') continue
      const owner = owners.get(path)
      owners.set(path, platform)
      if (owner === undefined) continue
      const message = `cannot write ${JSON.stringify(path)} for ${platform}: ${owner} has a file of that path, too`
      throw new TsbuildError('OUTPUT_INVALID', message, {
        hint: 'remove platform-split=false to write each platform to a directory of its own',
      })
    }
  }
}
