import type { BuildResult } from '../index.ts'
import { writeResultFile } from './result-file.ts'

/** Writes metadata to the file of `--metadata-file` as JSON. Errors with `OUTPUT_IO`. */
export function writeMetadata(path: string, content: Readonly<Record<string, unknown>>): void {
  writeResultFile(path, `${JSON.stringify(content, undefined, 2)}\n`)
}

/** The keys that `docker buildx build --metadata-file` writes. */
export function metadata(result: BuildResult): Record<string, unknown> {
  const pushed = result.outputs
    .filter(({ type }) => type === 'registry')
    .flatMap((output) => output.destination.split(', '))
  const names = [...new Set([...result.names, ...pushed])]
  return {
    ...(!result.index && { 'containerimage.config.digest': result.imageID }),
    'containerimage.descriptor': result.index ?? { ...result.image.descriptor, platform: result.platform },
    'containerimage.digest': result.digest,
    ...(names.length > 0 && { 'image.name': names.join(',') }),
  }
}
