// Device nodes in the /dev of the root itself, for as long as a command runs: for chroot, which may not mount.
import { chmodSync, lstatSync, mkdirSync, rmSync, symlinkSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { runProgram } from '../run-program.ts'
import { DEVICE_LINKS, DEVICE_NODES } from './device-nodes.ts'

/**
 * Adds the nodes and links that are missing in /dev. Returns a function that removes them, to be called when no
 * process of the command runs any more. Needs CAP_MKNOD.
 */
export async function copyDeviceNodes(root: string): Promise<() => void> {
  const directory = join(root, 'dev')
  const { atimeMs, mtimeMs } = lstatSync(directory)
  const missing = (name: string): boolean => lstatSync(join(directory, name), { throwIfNoEntry: false }) === undefined
  const nodes = DEVICE_NODES.map(({ name }) => name).filter(missing)
  const links = DEVICE_LINKS.filter(([name, target]) => missing(name) && !target.startsWith('pts/'))
  const memory = missing('shm') ? ['shm'] : []
  const made = [...nodes, ...links.map(([name]) => name), ...memory].map((name) => join(directory, name))
  const remove = (): void => {
    // The command may have replaced /dev by something else.
    if (!lstatSync(directory, { throwIfNoEntry: false })?.isDirectory()) return
    for (const path of made) rmSync(path, { recursive: true, force: true })
    utimesSync(directory, atimeMs / 1000, mtimeMs / 1000)
  }
  try {
    if (nodes.length > 0) await runProgram('cp', ['-a', ...nodes.map((name) => join('/dev', name)), directory])
    for (const [name, target] of links) symlinkSync(target, join(directory, name))
    for (const name of memory) {
      mkdirSync(join(directory, name))
      chmodSync(join(directory, name), 0o1777)
    }
  } catch (error) {
    remove()
    throw error
  }
  return remove
}
