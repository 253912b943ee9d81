// Outputs of one kind need libraries that the others don't: those are loaded when they are used.
import { join } from 'node:path'
import type { Writable } from 'node:stream'
import { unreachable } from '../base/unreachable.ts'
import { writeTar } from '../layers/archive/write-tar.ts'
import type { ContentStore } from '../oci/content.ts'
import type { ImageSet } from '../oci/image-set.ts'
import { normaliseName } from '../oci/reference.ts'
import { type ArchivedImage, archivedImage, archiveMembers } from './image-archive.ts'
import type { ExportedOutput, FileOutput } from './output.ts'
import { rootEntries, splitRoots } from './platform-roots.ts'
import { archiveKey, noteOutput, renewOutput } from './reuse-archive.ts'
import { writeStream } from './write-stream.ts'

/** What an export needs besides the image. */
export interface ExportSource {
  /** Has the image's blobs. */
  readonly store: ContentStore
  readonly signal?: AbortSignal | undefined
  /** Full names for the image, where the output gives none. */
  readonly names?: readonly string[] | undefined
  /** Where `-` goes; default the process's standard output. */
  readonly stdout?: Writable | undefined
  /** Seconds since 1970: the time of directories that are in no image. */
  readonly epoch?: number | undefined
}

/**
 * Writes an image, or an index with its images, where an output says. Layers go out as they are: an output's `compression` is for whoever makes the image.
 * Deterministic: the same image and names give the same bytes. Files appear whole or not at all (below a directory: each file).
 * Root filesystems of several platforms are each in a directory of its own. Errors with `OUTPUT_IO`, `REFERENCE_INVALID`, with
 * `OUTPUT_INVALID` where files of several platforms would overwrite each other, and those of the store.
 */
export async function exportImage(set: ImageSet, output: FileOutput, source: ExportSource): Promise<ExportedOutput> {
  const { store, signal } = source
  const { type, dest: destination } = output
  switch (output.type) {
    case 'oci':
    case 'docker': {
      const archived = archivedImage(set, outputNames(output.name) ?? source.names ?? [])
      if (output.type === 'oci' && output.tar === false) {
        const { exportLayout } = await import('./export-layout.ts')
        await exportLayout(archived, destination, store, signal)
        return { type, destination }
      }
      const size = await exportArchive([archived], destination, output.type, source)
      return { type, destination, size }
    }
    case 'local': {
      const { unpackTree } = await import('../layers/unpack/unpack-tree.ts')
      const { roots, isSplit } = await splitRoots(set, output, source)
      const unpacked = []
      for (const { tree, directory } of roots) {
        unpacked.push(await unpackTree(tree, isSplit ? join(destination, directory) : destination, { signal }))
      }
      const losses = unpacked.flatMap((one) => one.losses)
      return { type, destination, ...(losses.length > 0 && { losses }) }
    }
    case 'tar': {
      const { roots, isSplit } = await splitRoots(set, output, source)
      const entries = rootEntries(roots, isSplit, source.epoch ?? 0)
      return { type, destination, size: await writeStream(destination, writeTar(entries), source) }
    }
    default:
      return unreachable(output)
  }
}

/** Writes images as one archive, unless it is there already as it would be, and gives its size in bytes. Errors as {@link exportImage} does. */
export async function exportArchive(
  images: readonly ArchivedImage[],
  dest: string,
  format: 'oci' | 'docker',
  source: Omit<ExportSource, 'names'>,
): Promise<number> {
  const members = archiveMembers(images, source.store, { docker: format === 'docker', signal: source.signal })
  const key = archiveKey(members)
  const known = await renewOutput(dest, key, source.store)
  if (known !== undefined) return known
  const { packArchive } = await import('../layers/archive/pack-archive.ts')
  const size = await writeStream(dest, packArchive(members, { mtime: 0 }), source)
  await noteOutput(dest, key, source.store)
  return size
}

function outputNames(names: string | undefined): readonly string[] | undefined {
  return names ? [...new Set(names.split(',').map(normaliseName))] : undefined
}
