import { TsbuildError } from '../../base/errors.ts'
import { resolvePath } from '../../layers/paths/resolve-path.ts'
import { readContent } from '../../layers/read-content.ts'
import { viewOf, withContents } from '../filesystem.ts'
import type { Filesystem, Session } from '../session.ts'
import { type Owner, resolveOwner } from './resolve-owner.ts'

// A passwd file larger than this is not one.
const LIMIT = 1 << 20

/**
 * The owner that `user[:group]` names, by the passwd and group files of the image. As in BuildKit names mean nothing where there are no
 * files to look them up in: at the start of `FROM scratch`, and in a linked layer. `what` is how the account was given. Errors with
 * `CHOWN_INVALID`.
 */
export async function findOwner(
  spec: string,
  { what, linked }: { readonly what: string; readonly linked: boolean },
  filesystem: Filesystem,
  session: Session,
): Promise<Owner> {
  if (isNumeric(spec)) return resolveOwner(spec, undefined, undefined)
  if (linked || !filesystem.top) {
    const why = linked ? 'a linked layer knows no image to look it up in' : 'the image is still empty'
    throw new TsbuildError('CHOWN_INVALID', `${what} names an account, but ${why}`, {
      hint: linked ? 'give numbers, or leave --link out' : 'give numbers',
    })
  }
  const view = await viewOf(filesystem, session)
  const read = async (path: string): Promise<string | undefined> => {
    const entry = view.lookup(resolvePath(view, path, { followLast: true }))
    if (entry?.type !== 'file') return undefined
    const [file = entry] = await withContents([entry], filesystem, session)
    return new TextDecoder().decode(readContent(file, LIMIT))
  }
  return resolveOwner(spec, await read('etc/passwd'), await read('etc/group'))
}

/** Whether no file is needed to know who is meant. */
function isNumeric(spec: string): boolean {
  return /^(?:\d*|root)(?::(?:\d*|root))?$/.test(spec)
}
