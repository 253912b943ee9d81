// Enters a user namespace with many ids and maps them without unshare's own option, which util-linux has since 2.38.
// Root needs no helper for it.
import { readFileSync } from 'node:fs'
import { userInfo } from 'node:os'

/** One id less than there are: so the namespace's map differs from that of the machine's initial namespace. */
const ALL_BUT_ONE = 0xfffffffe

/** The number of ids that a command gets; ids beyond belong to nobody. */
const WANTED = 65536

/**
 * The arguments that start a command as root of a new user namespace whose ids newuidmap(1) and newgidmap(1) map: 0
 * to this user, and the following ones to the user's subordinate ids. Undefined if /etc/subuid or /etc/subgid has
 * none for the user.
 */
export function withSubordinateIds(uid: number, gid: number): readonly string[] | undefined {
  const uids = subordinateRanges('/etc/subuid', uid)
  const gids = subordinateRanges('/etc/subgid', uid)
  if (uids.length === 0 || gids.length === 0) return undefined
  return mapper(`newuidmap $pid ${mapArguments(uid, uids)}`, `newgidmap $pid ${mapArguments(gid, gids)}`)
}

/**
 * The same for a process that may set any id (CAP_SETUID and CAP_SETGID) but may not mount: every id of its namespace
 * maps to itself, as far as the ids of that are mapped without a gap.
 */
export function withSameIds(mappedIds: number): readonly string[] {
  const map = (file: string): string => `echo "0 0 ${Math.min(mappedIds, ALL_BUT_ONE)}" > /proc/$pid/${file}`
  return mapper(map('uid_map'), map('gid_map'))
}

/**
 * A process can't map its own ids after unshare(1). A child of it, which stays in the old namespace, does that as
 * soon as the namespace has changed. So the process that the caller starts becomes the command, and killing it kills
 * the command.
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

/** The ranges of this user in /etc/subuid or /etc/subgid, by name or by uid; see subuid(5). */
function subordinateRanges(file: string, uid: number): readonly SubordinateRange[] {
  let text: string
  let name: string
  try {
    text = readFileSync(file, 'utf8')
    name = userInfo().username
  } catch {
    // The file is missing, or the user has no name: newuidmap refuses such a user.
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

/** The arguments of newuidmap after the process id: first id inside, first id outside, count, of each range. */
function mapArguments(own: number, ranges: readonly SubordinateRange[]): string {
  const numbers = [0, own, 1]
  let next = 1
  for (const { start, count } of ranges) {
    const taken = Math.min(count, WANTED + 1 - next)
    if (taken <= 0) break
    numbers.push(next, start, taken)
    next += taken
  }
  return numbers.join(' ')
}
