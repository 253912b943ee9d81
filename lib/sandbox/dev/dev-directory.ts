// A directory to be shown as /dev, with a place for each device.
import { mkdir, stat, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { SandboxMount } from '../types.ts'
import { DEVICE_DIRECTORIES, DEVICE_LINKS, DEVICE_NODES } from './device-nodes.ts'

/** Makes the directory; files and directories in it are to be mounted on, also those that the command's own mounts need. */
export async function writeDevDirectory(directory: string, mounts: readonly SandboxMount[]): Promise<void> {
  await mkdir(directory, { mode: 0o755 })
  await Promise.all([
    ...DEVICE_NODES.map(({ name }) => writeFile(join(directory, name), '')),
    ...DEVICE_LINKS.map(([name, target]) => symlink(target, join(directory, name))),
    ...DEVICE_DIRECTORIES.map((name) => mkdir(join(directory, name))),
  ])
  for (const mount of mounts) {
    const [, name] = /^\/dev\/(.+)$/.exec(mount.target) ?? []
    // What is to be in a mount of the system's can only be made once that is there.
    if (name === undefined || DEVICE_DIRECTORIES.some((above) => name.startsWith(`${above}/`))) continue
    const path = join(directory, name)
    await mkdir(dirname(path), { recursive: true })
    if (mount.kind === 'bind' && !(await stat(mount.source)).isDirectory()) await writeFile(path, '', { flag: 'a' })
    else await mkdir(path, { recursive: true })
  }
}
