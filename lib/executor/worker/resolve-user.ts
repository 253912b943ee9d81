// USER of a RUN step: ids, supplementary groups and home directory, by the passwd and group files of the root.
import { TsbuildError } from '../../base/errors.ts'
import type { SandboxUser } from '../../sandbox/types.ts'
import { type AccountFiles, groupsIn, type User, usersIn } from '../accounts.ts'

export interface RunUser extends SandboxUser {
  /** `/` for a user that is not in passwd. */
  readonly home: string
}

/**
 * The user that `user[:group]` means, as BuildKit and runc read it: a number is an id; a name, or a number without a
 * group, brings its group and the groups that list it as a member. Empty is root. Errors with `RUN_USER_UNKNOWN`.
 */
export function resolveUser(spec: string, files: AccountFiles): RunUser {
  const users = usersIn(files)
  const [userName = '', groupName = ''] = (spec === '' ? '0' : spec).split(':')
  const exact = bothNumbers(userName, groupName)
  if (exact) return { ...exact, groups: [exact.gid], home: homeOf(exact.uid, users) }

  const uid = parseId(userName, spec)
  const user = users.find((candidate) => (uid === undefined ? candidate.name === userName : candidate.uid === uid))
  if (!user && uid === undefined && userName !== '')
    throw unknown('user', userName, { path: '/etc/passwd', text: files.passwd })
  const base = user ?? { name: undefined, uid: uid ?? 0, gid: 0 }
  const home = homeOf(base.uid, users)
  const groups = groupsIn(files)
  if (groupName === '') {
    const member = base.name === undefined ? [] : groups.filter(({ members }) => members.includes(base.name))
    return { uid: base.uid, gid: base.gid, groups: unique([base.gid, ...member.map(({ gid }) => gid)]), home }
  }
  const wanted = parseId(groupName, spec)
  const found = groups.find((candidate) =>
    wanted === undefined ? candidate.name === groupName : candidate.gid === wanted,
  )
  const gid = found?.gid ?? wanted
  if (gid === undefined) throw unknown('group', groupName, { path: '/etc/group', text: files.group })
  return { uid: base.uid, gid, groups: [gid], home }
}

const LARGEST_ID = 2 ** 31 - 1

function bothNumbers(user: string, group: string): { uid: number; gid: number } | undefined {
  const uid = user === 'root' ? 0 : plainId(user)
  const gid = group === 'root' ? 0 : plainId(group)
  return uid === undefined || gid === undefined ? undefined : { uid, gid }
}

const plainId = (text: string): number | undefined =>
  /^\d+$/.test(text) && Number(text) < 2 ** 32 ? Number(text) : undefined

/** Undefined for a name. */
function parseId(text: string, spec: string): number | undefined {
  if (!/^[-+]?\d+$/.test(text)) return undefined
  const value = Number(text)
  if (value >= 0 && value <= LARGEST_ID) return value
  throw new TsbuildError(
    'RUN_USER_UNKNOWN',
    `invalid user ${JSON.stringify(spec)}: ids go from 0 to ${LARGEST_ID}, got ${text}`,
  )
}

function homeOf(uid: number, users: readonly User[]): string {
  return users.find((user) => user.uid === uid)?.home || '/'
}

interface AccountFile {
  readonly path: string
  /** Undefined if the image has no such file. */
  readonly text: string | undefined
}

function unknown(what: string, name: string, { path, text }: AccountFile): TsbuildError {
  const why = text === undefined ? `the image has no ${path}` : `it is not in the image's ${path}`
  return new TsbuildError('RUN_USER_UNKNOWN', `unable to find ${what} ${JSON.stringify(name)}: ${why}`, {
    hint: `make it in an earlier step, or give a number in USER`,
  })
}

const unique = (ids: readonly number[]): number[] => [...new Set(ids)]
