import type { BuildResult } from '../index.ts'
import { writeResultFile } from './result-file.ts'

/** The ID of the result: the image ID, or the digest of an index, which has no image ID. */
export const resultID = ({ index, imageID }: BuildResult): string => index?.digest ?? imageID

/** Writes the ID of the result to the file of `--iidfile`. Errors with `OUTPUT_IO`. */
export function writeIidfile(path: string, result: BuildResult): void {
  writeResultFile(path, resultID(result))
}
