// An image archive (-o type=oci, -o type=docker): a tar for `docker load`, `podman load` and OCI tools.
import type { ArchivedImage } from './archived-image.ts'
import type { ExportSource } from './export-source.ts'
import { archiveMembers } from './image-archive.ts'
import type { Destination } from './output.ts'
import { archiveKey, recordArchive, reuseArchive } from './reuse-archive.ts'
import { writeStream } from './write-stream.ts'

/**
 * Writes images as one archive, unless the file is still there from an earlier export, and returns its size in
 * bytes. Errors as exportImage() does.
 */
export async function exportArchive(
  images: readonly ArchivedImage[],
  dest: Destination,
  format: 'oci' | 'docker',
  source: Omit<ExportSource, 'names'>,
): Promise<number> {
  const members = archiveMembers(images, source.store, { docker: format === 'docker', signal: source.signal })
  const { packArchive } = await import('../layers/archive/pack-archive.ts')
  if (typeof dest === 'object') return writeStream(dest, packArchive(members, { mtime: 0 }), source)
  const key = archiveKey(members)
  const reused = await reuseArchive(dest, key, source.store)
  if (reused !== undefined) return reused
  const size = await writeStream(dest, packArchive(members, { mtime: 0 }), source)
  await recordArchive(dest, key, source.store)
  return size
}
