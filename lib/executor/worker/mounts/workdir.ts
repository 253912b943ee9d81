import { chownSync, lstatSync, mkdirSync } from 'node:fs'
import { toFsPath } from '../../../layers/paths/path-bytes.ts'
import { resolveInRoot } from '../root/resolve-in-root.ts'
import type { Owner } from './mount-source.ts'

/**
 * Makes the missing directories of a step's WORKDIR, which get the owner, if there is one. Returns the path with
 * symlinks resolved.
 */
export function ensureWorkdir(root: string, workdir: string, owner: Owner | undefined): string {
  const resolved = resolveInRoot(root, workdir)
  let path = ''
  for (const name of resolved.split('/').filter((part) => part !== '')) {
    path += `/${name}`
    const directory = toFsPath(root + path)
    if (lstatSync(directory, { throwIfNoEntry: false })) continue
    mkdirSync(directory, 0o755)
    if (owner) chownSync(directory, owner.uid, owner.gid)
  }
  return `/${resolved}`
}
