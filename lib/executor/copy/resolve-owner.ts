// --chown and USER: names and numbers of users and groups.
import { TsbuildError } from '../../base/errors.ts'

export interface Owner {
  readonly uid: number
  readonly gid: number
}

/**
 * The owner that `user[:group]` means, by the texts of the image's passwd and group files (undefined where there is none). As
 * in BuildKit a number is itself, for the group too if none is named; a name brings its user's group; what is in no file is 0.
 * Errors with `CHOWN_INVALID` for an id that is out of range.
 */
export function resolveOwner(spec: string, passwd: string | undefined, group: string | undefined): Owner {
  const colon = spec.indexOf(':')
  const userName = colon === -1 ? spec : spec.slice(0, colon)
  const groupName = colon === -1 ? undefined : spec.slice(colon + 1)
  const uid = parseId(userName, spec)
  const user = uid === undefined ? findUser(userName, passwd) : { uid, gid: uid }
  if (groupName === undefined) return user
  return {
    uid: user.uid,
    gid: groupName === '' ? 0 : (parseId(groupName, spec) ?? findGroup(groupName, group) ?? user.gid),
  }
}

/** Undefined for a name. An empty name is 0, as is `root`, whatever the files say. */
function parseId(text: string, spec: string): number | undefined {
  if (text === '' || text === 'root') return 0
  if (!/^[-+]?\d+$/.test(text)) return undefined
  const id = Number(text)
  if (id >= 0 && id < 2 ** 31) return id
  throw new TsbuildError(
    'CHOWN_INVALID',
    `invalid owner ${JSON.stringify(spec)}: ids go from 0 to ${2 ** 31 - 1}, got ${text}`,
  )
}

/** passwd(5): `name:password:uid:gid:…`. */
function findUser(name: string, passwd: string | undefined): Owner {
  const fields = linesOf(passwd).find(([first]) => first === name)
  return { uid: fileId(fields?.[2]), gid: fileId(fields?.[3]) }
}

/** group(5): `name:password:gid:members`. */
function findGroup(name: string, group: string | undefined): number | undefined {
  const fields = linesOf(group).find(([first]) => first === name)
  return fields && fileId(fields[2])
}

function linesOf(text: string | undefined): string[][] {
  return (text ?? '').split('\n').map((line) => line.trim().split(':'))
}

/** Broken files are read as far as they go. */
function fileId(field: string | undefined): number {
  return field !== undefined && /^\d{1,10}$/.test(field) ? Number(field) : 0
}
