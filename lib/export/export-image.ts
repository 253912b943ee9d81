// Outputs of one type need libraries that the others do not. These are loaded when they are needed.
import { TsbuildError } from '../base/errors.ts'
import { unreachable } from '../base/unreachable.ts'
import { normaliseName } from '../oci/reference.ts'
import type { ImageSet } from '../oci/write-index.ts'
import { archivedImage } from './archived-image.ts'
import { exportArchive } from './export-archive.ts'
import type { ExportSource } from './export-source.ts'
import type { DockerOutput, ExportedOutput, FileOutput, OciOutput } from './output.ts'
import { destinationName } from './write-stream.ts'

/**
 * Writes an image, or an index with its images, to an output. Layers are written as they are: whoever makes the
 * image applies the output's `compression`. Deterministic: the same image and names give the same bytes. Files
 * appear whole or not at all; below a directory this is true for each file. Of several platforms, each root
 * filesystem gets a directory of its own. Errors with `OUTPUT_IO`, with `REFERENCE_INVALID`, with
 * `OUTPUT_INVALID` if files of several platforms would overwrite each other, and as the store does.
 */
export async function exportImage(set: ImageSet, output: FileOutput, source: ExportSource): Promise<ExportedOutput> {
  switch (output.type) {
    case 'oci':
    case 'docker':
      return exportWithNames(set, output, source)
    case 'local':
      return (await import('./export-local.ts')).exportLocal(set, output, source)
    case 'tar':
      return (await import('./export-tar.ts')).exportTar(set, output, source)
    default:
      return unreachable(output)
  }
}

async function exportWithNames(
  set: ImageSet,
  output: OciOutput | DockerOutput,
  source: ExportSource,
): Promise<ExportedOutput> {
  const { type, dest } = output
  const archived = archivedImage(set, outputNames(output.name) ?? source.names ?? [])
  if (output.type === 'oci' && output.tar === false) {
    if (typeof dest !== 'string') throw new TsbuildError('OUTPUT_INVALID', 'a directory cannot be written to a stream')
    const { exportLayout } = await import('./export-layout.ts')
    await exportLayout(archived, dest, source.store, source.signal)
    return { type, destination: dest }
  }
  const size = await exportArchive([archived], dest, type, source)
  return { type, destination: destinationName(dest), size }
}

function outputNames(names: string | undefined): readonly string[] | undefined {
  return names ? [...new Set(names.split(',').map(normaliseName))] : undefined
}
