// File capabilities of a root's files, read by the native helper where it is there.
import { type CapabilityReading, readCapabilities } from '../../../layers/disk/read-capabilities.ts'
import { toFsPath } from '../../../layers/paths/path-bytes.ts'
import { readFileCapabilities } from '../../../sandbox/native/file-capabilities.ts'

/**
 * Reads the capabilities of files whose paths begin with that of the working directory, `directory`, and have no
 * symlink below it. Programs of the system read what the helper can't.
 */
export function createCapabilityReading(
  helper: string | undefined,
  directory: string,
): (files: readonly string[]) => CapabilityReading {
  const prefix = `${directory}/`
  return (files) => {
    if (helper === undefined || files.length === 0 || !files.every((file) => file.startsWith(prefix))) {
      return readCapabilities(files)
    }
    const byPath = new Map(files.map((file) => [toFsPath(file.slice(prefix.length)), file]))
    const { values, failed } = readFileCapabilities(helper, '.', [...byPath.keys()])
    if (failed.length > 0) return readCapabilities(files)
    return { values: new Map([...values].map(([path, value]) => [byPath.get(path) ?? '', value])), unread: [] }
  }
}
