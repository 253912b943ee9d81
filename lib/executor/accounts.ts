// The users and groups of an image: the content of its /etc/passwd and /etc/group.

/** The texts of the two files; undefined for a file that the image does not have. */
export interface AccountFiles {
  readonly passwd: string | undefined
  readonly group: string | undefined
}

export interface User {
  readonly name: string
  readonly uid: number
  readonly gid: number
  /** May be empty. */
  readonly home: string
}

export interface Group {
  readonly name: string
  readonly gid: number
  /** Names of users. */
  readonly members: readonly string[]
}

/**
 * The users in the order of passwd(5). As in Go's reader, missing fields are empty, and an id that is no number is 0.
 */
export function usersIn({ passwd }: AccountFiles): readonly User[] {
  return records(passwd).map(([name = '', , uid, gid, , home = '']) => ({ name, uid: toId(uid), gid: toId(gid), home }))
}

/** The groups in the order of group(5), read as {@link usersIn} reads users. */
export function groupsIn({ group }: AccountFiles): readonly Group[] {
  return records(group).map(([name = '', , gid, members = '']) => ({
    name,
    gid: toId(gid),
    members: members.split(','),
  }))
}

/** The fields of each line that is not blank. */
function records(text = ''): readonly string[][] {
  const lines = text.split('\n').map((line) => line.trim())
  return lines.filter((line) => line !== '').map((line) => line.split(':'))
}

function toId(field: string | undefined): number {
  return field !== undefined && /^\d{1,10}$/.test(field) ? Number(field) : 0
}
