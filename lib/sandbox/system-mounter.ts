import { findProgram } from '../find-program.ts'
import { type Mounter, TMPFS_OPTIONS } from './mounter.ts'
import { overlayOptions } from './overlay-options.ts'
import { runProgram } from './run-program.ts'

/** Starts mount(8) or umount(8) each time: that takes longer than all else about a mount, but they are everywhere. */
export function createSystemMounter(): Mounter {
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

async function run(name: 'mount' | 'umount', words: readonly string[], directory?: string): Promise<void> {
  // By its path: a name would be tried in all directories of PATH each time.
  await runProgram(findProgram(name) ?? name, ['-n', '-i', ...words], directory)
}
