// Outputs of one kind need libraries that the others don't: those are loaded when they are used.
import type { Writable } from 'node:stream'
import { treeEntries } from '../layers/tree-entries.ts'
import { writeTar } from '../layers/write-tar.ts'
import type { ContentStore } from '../oci/content.ts'
import { normaliseName } from '../oci/reference.ts'
import type { Image } from '../oci/types.ts'
import { unreachable } from '../unreachable.ts'
import { type ArchivedImage, archivedImage, archiveMembers } from './image-archive.ts'
import { imageTree } from './image-tree.ts'
import type { ExportedOutput, FileOutput } from './output.ts'
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
}

/**
 * Writes an image where an output says. Layers go out as they are: an output's `compression` is for whoever makes the image.
 * Deterministic: the same image and names give the same bytes. Files appear whole or not at all (below a directory: each file).
 * Errors with `OUTPUT_IO`, `REFERENCE_INVALID`, and those of the store.
 */
export async function exportImage(image: Image, output: FileOutput, source: ExportSource): Promise<ExportedOutput> {
  const { store, signal } = source
  const { type, dest: destination } = output
  switch (output.type) {
    case 'oci':
    case 'docker': {
      const archived = archivedImage(image, outputNames(output.name) ?? source.names ?? [])
      if (output.type === 'oci' && output.tar === false) {
        const { exportLayout } = await import('./export-layout.ts')
        await exportLayout(archived, destination, store, signal)
        return { type, destination }
      }
      const size = await exportArchive([archived], destination, output.type, source)
      return { type, destination, size }
    }
    case 'local': {
      const { unpackTree } = await import('../layers/unpack-tree.ts')
      const { losses } = await unpackTree(await imageTree(image, store, signal), destination, { signal })
      return { type, destination, ...(losses.length > 0 && { losses }) }
    }
    case 'tar': {
      const tree = await imageTree(image, store, signal)
      return { type, destination, size: await writeStream(destination, writeTar(treeEntries(tree)), source) }
    }
    default:
      return unreachable(output)
  }
}

/** Writes images as one archive, and gives its size in bytes. Errors as {@link exportImage} does. */
export async function exportArchive(
  images: readonly ArchivedImage[],
  dest: string,
  format: 'oci' | 'docker',
  source: Omit<ExportSource, 'names'>,
): Promise<number> {
  const { packArchive } = await import('../layers/pack-archive.ts')
  const members = archiveMembers(images, source.store, { docker: format === 'docker', signal: source.signal })
  return writeStream(dest, packArchive(members, { mtime: 0 }), source)
}

function outputNames(names: string | undefined): readonly string[] | undefined {
  return names ? [...new Set(names.split(',').map(normaliseName))] : undefined
}
