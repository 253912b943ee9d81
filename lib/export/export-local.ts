// The files of an image below a directory (-o type=local).
import { join } from 'node:path'
import { unpackTree } from '../layers/unpack/unpack-tree.ts'
import type { ImageSet } from '../oci/write-index.ts'
import type { ExportSource } from './export-source.ts'
import type { ExportedOutput, LocalOutput } from './output.ts'
import { platformRoots } from './platform-roots.ts'

/** Writes the root filesystem of each platform. Errors as exportImage() does. */
export async function exportLocal(set: ImageSet, output: LocalOutput, source: ExportSource): Promise<ExportedOutput> {
  const { dest: destination } = output
  const { roots, isSplit } = await platformRoots(set, output, source)
  const unpacked = []
  for (const { tree, directory } of roots) {
    const target = isSplit ? join(destination, directory) : destination
    unpacked.push(await unpackTree(tree, target, { signal: source.signal }))
  }
  const losses = unpacked.flatMap((root) => root.losses)
  return { type: 'local', destination, ...(losses.length > 0 && { losses }) }
}
