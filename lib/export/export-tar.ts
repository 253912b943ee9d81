// The files of an image as one tar (-o type=tar).
import { writeTar } from '../layers/archive/write-tar.ts'
import type { ImageSet } from '../oci/write-index.ts'
import type { ExportSource } from './export-source.ts'
import type { ExportedOutput, TarOutput } from './output.ts'
import { platformRoots, rootEntries } from './platform-roots.ts'
import { destinationName, writeStream } from './write-stream.ts'

/** Writes the root filesystems of all platforms to one tar. Errors as exportImage() does. */
export async function exportTar(set: ImageSet, output: TarOutput, source: ExportSource): Promise<ExportedOutput> {
  const entries = rootEntries(await platformRoots(set, output, source), source.epoch ?? 0)
  return {
    type: 'tar',
    destination: destinationName(output.dest),
    size: await writeStream(output.dest, writeTar(entries), source),
  }
}
