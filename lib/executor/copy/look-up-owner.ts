import { TsbuildError } from '../../base/errors.ts'
import { resolvePath } from '../../layers/paths/resolve-path.ts'
import { readContent } from '../../layers/read-content.ts'
import type { AccountFiles } from '../accounts.ts'
import { viewOf, withContents } from '../filesystem.ts'
import type { Filesystem, Session } from '../session.ts'
import { namesAccount, type Owner, resolveOwner } from './resolve-owner.ts'

const NO_FILES: AccountFiles = { passwd: undefined, group: undefined }

/** The largest passwd or group file that is read, in bytes. */
const LIMIT = 1 << 20

/**
 * Resolves `user[:group]`, reading the passwd and group files of a filesystem only if it names an account. As
 * in BuildKit, names mean nothing where there are no such files: at the start of `FROM scratch`, and in a
 * linked layer. `flag` is the text of the Dockerfile that gave the owner. Errors with `CHOWN_INVALID`.
 */
export async function lookUpOwner(
  spec: string,
  { flag, linked }: { readonly flag: string; readonly linked: boolean },
  filesystem: Filesystem,
  session: Session,
): Promise<Owner> {
  if (!namesAccount(spec)) return resolveOwner(spec, NO_FILES)
  if (linked || !filesystem.top) {
    const why = linked ? 'a linked layer has no image to look it up in' : 'the image is still empty'
    throw new TsbuildError('CHOWN_INVALID', `${flag} names an account, but ${why}`, {
      hint: linked ? 'use numbers, or remove --link' : 'use numbers',
    })
  }
  const view = await viewOf(filesystem, session)
  const read = async (path: string): Promise<string | undefined> => {
    const entry = view.lookup(resolvePath(view, path, { followLast: true }))
    if (entry?.type !== 'file') return undefined
    const [file = entry] = await withContents([entry], filesystem, session)
    return new TextDecoder().decode(readContent(file, LIMIT))
  }
  return resolveOwner(spec, { passwd: await read('etc/passwd'), group: await read('etc/group') })
}
