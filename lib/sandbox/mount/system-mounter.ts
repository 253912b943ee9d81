import { findProgram } from '../../base/find-program.ts'
import { runProgram } from '../run-program.ts'
import { type Mounter, TMPFS_OPTIONS } from './mounter.ts'
import { overlayOptions } from './overlay-options.ts'

/** Mounts by mount(8) and umount(8), which are everywhere; starting them takes longer than the mount itself. */
export function createSystemMounter(): Mounter {
  // Each path is found once: a name would be looked up in all directories of PATH each time.
  const paths = new Map<string, string>()
  const pathOf = (name: string): string => {
    const path = paths.get(name) ?? findProgram(name) ?? name
    paths.set(name, path)
    return path
  }
  const run = async (name: 'mount' | 'umount', args: readonly string[], directory?: string): Promise<void> => {
    await runProgram(pathOf(name), ['-n', '-i', ...args], directory)
  }
  return {
    async overlay(mount) {
      const { directory, options } = overlayOptions(mount)
      await run('mount', ['-t', 'overlay', '-o', options, 'overlay', mount.target], directory)
    },
    tmpfs: (target) => run('mount', ['-t', 'tmpfs', '-o', `${TMPFS_OPTIONS},nosuid,nodev`, 'tmpfs', target]),
    unmount: (target) => run('umount', ['-c', target]),
    detach: (target) => run('umount', ['-c', '-l', target]),
    close() {},
  }
}
