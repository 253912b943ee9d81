// A directory that a command sees as /dev, with a mount point for each device node.
import { mkdir, stat, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { SandboxMount } from '../types.ts'
import { DEVICE_DIRECTORIES, DEVICE_LINKS, DEVICE_NODES } from './device-nodes.ts'

/** Makes the directory, with the mount points below /dev that the command's own mounts need. */
export async function writeDevDirectory(directory: string, mounts: readonly SandboxMount[]): Promise<void> {
  await mkdir(directory, { mode: 0o755 })
  await Promise.all([
    ...DEVICE_NODES.map(({ name }) => writeFile(join(directory, name), '')),
    ...DEVICE_LINKS.map(([name, target]) => symlink(target, join(directory, name))),
    ...DEVICE_DIRECTORIES.map((name) => mkdir(join(directory, name))),
  ])
  for (const mount of mounts) {
    const [, name] = /^\/dev\/(.+)$/.exec(mount.target) ?? []
    // A mount point within one of the system's mounts can only be made once that is mounted.
    if (name === undefined || DEVICE_DIRECTORIES.some((above) => name.startsWith(`${above}/`))) continue
    const path = join(directory, name)
    await mkdir(dirname(path), { recursive: true })
    if (mount.kind === 'bind' && !(await stat(mount.source)).isDirectory()) await writeFile(path, '', { flag: 'a' })
    else await mkdir(path, { recursive: true })
  }
}
