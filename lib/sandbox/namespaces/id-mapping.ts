// Enters a user namespace with many ids without the help of unshare: util-linux before 2.38 can't, and nobody needs helpers as root.
import { readFileSync } from 'node:fs'
import { userInfo } from 'node:os'

/** One id less than there are, so that the namespace can be told from the first one of the machine. */
const ALL_BUT_ONE = 0xfffffffe

/** Ids inside the namespace that the command is to see; ids beyond belong to nobody. */
const WANTED = 65536

/**
 * Words that start a command as root of a new user namespace, whose ids newuidmap(1) and newgidmap(1) map: 0 to this user, the
 * following to the user's subordinate ids. Undefined where /etc/subuid or /etc/subgid has none for the user.
 */
export function withSubordinateIds(uid: number, gid: number): readonly string[] | undefined {
  const uids = subordinateRanges('/etc/subuid', uid)
  const gids = subordinateRanges('/etc/subgid', uid)
  if (uids.length === 0 || gids.length === 0) return undefined
  return mapper(`newuidmap $pid ${mapArguments(uid, uids)}`, `newgidmap $pid ${mapArguments(gid, gids)}`)
}

/**
 * The same for a process that may set any id (CAP_SETUID and CAP_SETGID) but may not mount: every id of this namespace is itself in
 * the new one, so far as ids are mapped here without a gap.
 */
export function withSameIds(mappedIds: number): readonly string[] {
  const map = (file: string): string => `echo "0 0 ${Math.min(mappedIds, ALL_BUT_ONE)}" > /proc/$pid/${file}`
  return mapper(map('uid_map'), map('gid_map'))
}

/**
 * The process that becomes the command can't map its own ids: a child of it, left in the old namespace, does, as soon as it sees that
 * the namespace has changed. So the process id that the caller starts stays the command's launcher, and killing it kills the command.
 */
function mapper(mapUsers: string, mapGroups: string): readonly string[] {
  const script = `pid=$$
old=$(readlink /proc/$pid/ns/user) || exit 1
(
  while new=$(readlink /proc/$pid/ns/user) && [ "$new" = "$old" ]; do :; done
  [ -n "$new" ] || exit 0
  { ${mapUsers} && ${mapGroups}; } || kill -9 $pid
) </dev/null &
exec unshare -U sh -c 'until read -r map </proc/self/gid_map; do :; done; exec "$@"' sh "$@"`
  return ['sh', '-c', script, 'sh']
}

interface SubordinateRange {
  readonly start: number
  readonly count: number
}

/** This user's lines of /etc/subuid or /etc/subgid, by name or by number; see subuid(5). */
function subordinateRanges(file: string, uid: number): readonly SubordinateRange[] {
  let text: string
  let name: string
  try {
    text = readFileSync(file, 'utf8')
    name = userInfo().username
  } catch {
    // No file, or a user without a name, whom newuidmap refuses.
    return []
  }
  return text
    .split('\n')
    .map((line) => line.trim().split(':'))
    .filter(([owner, start, count]) => (owner === name || owner === String(uid)) && isCount(start) && isCount(count))
    .map(([, start, count]) => ({ start: Number(start), count: Number(count) }))
}

function isCount(text: string | undefined): boolean {
  return text !== undefined && /^\d{1,10}$/.test(text)
}

function mapArguments(own: number, ranges: readonly SubordinateRange[]): string {
  const words = [0, own, 1]
  let next = 1
  for (const { start, count } of ranges) {
    const taken = Math.min(count, WANTED + 1 - next)
    if (taken <= 0) break
    words.push(next, start, taken)
    next += taken
  }
  return words.join(' ')
}
