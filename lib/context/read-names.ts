import { readdirSync } from 'node:fs'
import { bytesToPath, toFsPath } from '../layers/paths/path-bytes.ts'

/**
 * The names in a directory on disk, sorted. node:fs garbles names that are not UTF-8, so these are read again
 * as bytes.
 */
export function readNames(directory: string): readonly string[] {
  const onDisk = toFsPath(directory)
  const names = readdirSync(onDisk)
  const garbled = names.some((name) => name.includes('\ufffd'))
  const exact = garbled ? readdirSync(onDisk, { encoding: 'buffer' }).map((name) => bytesToPath(name)) : names
  return exact.sort()
}
