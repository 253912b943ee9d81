// The owner that --chown and USER name: numbers, or accounts of the image.
import { TsbuildError } from '../../base/errors.ts'
import { type AccountFiles, groupsIn, usersIn } from '../accounts.ts'

export interface Owner {
  readonly uid: number
  readonly gid: number
}

/**
 * Whether `user[:group]` can only be resolved by the files of the image. An empty name and `root` are 0 in
 * every image.
 */
export function namesAccount(spec: string): boolean {
  const { user, group = '' } = split(spec)
  return isName(user) || isName(group)
}

/**
 * The owner that `user[:group]` means. As in BuildKit, a number is the id, and the group's id too if no group
 * is given. The name of a user brings the user's group. A name that no file has is 0. Errors with
 * `CHOWN_INVALID` for an id that is out of range.
 */
export function resolveOwner(spec: string, files: AccountFiles): Owner {
  const { user: userName, group: groupName } = split(spec)
  const uid = parseId(userName, spec)
  const user = uid === undefined ? findUser(userName, files) : { uid, gid: uid }
  if (groupName === undefined) return user
  return {
    uid: user.uid,
    gid: groupName === '' ? 0 : (parseId(groupName, spec) ?? findGroup(groupName, files) ?? user.gid),
  }
}

function split(spec: string): { readonly user: string; readonly group: string | undefined } {
  const colon = spec.indexOf(':')
  return colon === -1 ? { user: spec, group: undefined } : { user: spec.slice(0, colon), group: spec.slice(colon + 1) }
}

const NUMBER = /^[-+]?\d+$/

function isName(text: string): boolean {
  return text !== '' && text !== 'root' && !NUMBER.test(text)
}

/** Undefined for a name. */
function parseId(text: string, spec: string): number | undefined {
  if (isName(text)) return undefined
  const id = NUMBER.test(text) ? Number(text) : 0
  if (id >= 0 && id < 2 ** 31) return id
  throw new TsbuildError(
    'CHOWN_INVALID',
    `invalid owner ${JSON.stringify(spec)}: ids go from 0 to ${2 ** 31 - 1}, got ${text}`,
  )
}

function findUser(name: string, files: AccountFiles): Owner {
  const user = usersIn(files).find((candidate) => candidate.name === name)
  return { uid: user?.uid ?? 0, gid: user?.gid ?? 0 }
}

function findGroup(name: string, files: AccountFiles): number | undefined {
  return groupsIn(files).find((candidate) => candidate.name === name)?.gid
}
