// A directory to be shown as /dev, with a place for each device.
import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DEVICE_DIRECTORIES, DEVICE_LINKS, DEVICE_NODES } from './dev-nodes.ts'

/** Makes the directory; files and directories in it are to be mounted on. */
export async function writeDevDirectory(directory: string): Promise<void> {
  await mkdir(directory, { mode: 0o755 })
  await Promise.all([
    ...DEVICE_NODES.map(({ name }) => writeFile(join(directory, name), '')),
    ...DEVICE_LINKS.map(([name, target]) => symlink(target, join(directory, name))),
    ...DEVICE_DIRECTORIES.map((name) => mkdir(join(directory, name))),
  ])
}
