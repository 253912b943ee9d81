import type { FileTree } from '../layers/file-tree.ts'
import { readContent } from '../layers/read-content.ts'
import { resolvePath } from '../layers/resolve-path.ts'
import { materialize } from './filesystem.ts'
import { type Owner, resolveOwner } from './resolve-owner.ts'
import type { Filesystem, Session } from './session.ts'

// A passwd file larger than this is not one.
const LIMIT = 1 << 20

/** The owner that `user[:group]` names, by the image's own passwd and group files. Errors with `CHOWN_INVALID`. */
export async function ownerOf(spec: string, view: FileTree, filesystem: Filesystem, session: Session): Promise<Owner> {
  const read = async (path: string): Promise<string | undefined> => {
    const entry = view.lookup(resolvePath(view, path, { followLast: true }))
    if (entry?.type !== 'file') return undefined
    await materialize([entry], filesystem, session)
    return new TextDecoder().decode(readContent(entry, LIMIT))
  }
  if (/^\d+(:\d+)?$/.test(spec)) return resolveOwner(spec, undefined, undefined)
  return resolveOwner(spec, await read('etc/passwd'), await read('etc/group'))
}
