// The files that --iidfile and --metadata-file ask for.
import { rmSync, writeFileSync } from 'node:fs'
import { messageOf, TsbuildError } from '../base/errors.ts'
import type { BuildResult } from '../index.ts'

export interface BuildFiles {
  readonly iidfile: string | undefined
  readonly metadataFile: string | undefined
}

/** Removes what an earlier build left, so that a failed build doesn't look like it. Throws `OUTPUT_IO`. */
export function removeBuildFiles(files: BuildFiles): void {
  for (const path of [files.iidfile, files.metadataFile]) {
    if (path !== undefined) attempt('remove', path, () => rmSync(path, { force: true }))
  }
}

/** Writes them. Throws `OUTPUT_IO`. */
export function writeBuildFiles(result: BuildResult, files: BuildFiles): void {
  const { iidfile, metadataFile } = files
  if (iidfile !== undefined) attempt('write', iidfile, () => writeFileSync(iidfile, resultID(result)))
  if (metadataFile !== undefined) writeMetadata(metadataFile, metadata(result))
}

/** Writes metadata to a file, as JSON. Throws `OUTPUT_IO`. */
export function writeMetadata(path: string, content: Readonly<Record<string, unknown>>): void {
  attempt('write', path, () => writeFileSync(path, `${JSON.stringify(content, undefined, 2)}\n`))
}

/** What stands for the result in one line: the image ID, or the digest of the index, which has none. */
export const resultID = ({ index, imageID }: BuildResult): string => index?.digest ?? imageID

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

function attempt(verb: string, path: string, action: () => void): void {
  try {
    action()
  } catch (cause) {
    const reason = messageOf(cause)
    throw new TsbuildError('OUTPUT_IO', `can't ${verb} ${JSON.stringify(path)}: ${reason}`, { cause })
  }
}
