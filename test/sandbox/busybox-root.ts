// A root filesystem with nothing in it but busybox.
import { chmodSync, copyFileSync, mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'

const APPLETS = ['cat', 'df', 'env', 'grep', 'head', 'hostname', 'id', 'ip', 'ls', 'mount', 'ps', 'readlink']
const MORE = ['setsid', 'sh', 'sleep', 'touch', 'wc']

export function makeBusyboxRoot(root: string, busybox: string): void {
  mkdirSync(root, { mode: 0o755 })
  for (const name of ['bin', 'dev', 'etc', 'proc', 'ro', 'run', 'rw', 'sys', 'tmp', 'work']) {
    mkdirSync(join(root, name))
    chmodSync(join(root, name), name === 'work' || name === 'tmp' ? 0o1777 : 0o755)
  }
  copyFileSync(busybox, join(root, 'bin/busybox'))
  for (const name of [...APPLETS, ...MORE]) symlinkSync('busybox', join(root, 'bin', name))
}
