// --chmod: an octal mode, or symbolic changes as chmod(1) has them.
import { TsbuildError } from '../../base/errors.ts'

/** The effect of `--chmod` on a copied file or directory. Symlinks have no mode of their own and are left alone. */
export interface ModeChange {
  /** The mode of the directories that a copy makes on the way to its destination. */
  readonly parents: number
  readonly apply: (mode: number, isDirectory: boolean) => number
}

/** Parses `--chmod`. Errors with `CHMOD_INVALID`. */
export function parseChmod(text: string): ModeChange {
  if (/^[0-7]+$/.test(text)) {
    const mode = Number.parseInt(text, 8)
    if (mode > 0o7777) throw invalid(text)
    return { parents: mode & 0o777, apply: () => mode }
  }
  if (/^[0-9]/.test(text)) throw invalid(text)
  const clauses = text.split(',').map((clause) => parseClause(clause, text))
  return {
    parents: 0o755,
    apply: (mode, isDirectory) => clauses.reduce((now, change) => change(now, mode, isDirectory), mode),
  }
}

function invalid(text: string): TsbuildError {
  return new TsbuildError(
    'CHMOD_INVALID',
    `invalid chmod parameter: '${text}'. it should be octal string and between 0 and 07777`,
    { hint: 'write an octal mode as in --chmod=0755, or a symbolic one as in --chmod=u=rwX,go=rX' },
  )
}

function specialBits(named: string): number {
  return named === '' ? 0o6000 : [...named].reduce((bits, c) => bits | (SPECIAL[c] ?? 0), 0)
}

/** From the mode so far and the mode before the first change. */
type Change = (now: number, before: number, isDirectory: boolean) => number

const SPECIAL: Readonly<Record<string, number>> = { u: 0o4000, g: 0o2000, a: 0o6000 }
const SHIFT = { u: 6, g: 3, o: 0 }
type Who = keyof typeof SHIFT
const ALL: readonly Who[] = ['u', 'g', 'o']

function parseClause(clause: string, text: string): Change {
  const match = /^([ugoa]*)((?:[-+=](?:[rwxXst]|[ugo])*)+)$/.exec(clause)
  if (!match) throw invalid(text)
  const [, named = '', rest = ''] = match
  const who = named === '' || named.includes('a') ? ALL : ALL.filter((class_) => named.includes(class_))
  const actions = [...rest.matchAll(/([-+=])([^-+=]*)/g)].map(([, operator = '', permissions = '']) =>
    action(named, who, operator, permissions),
  )
  return (now, before, isDirectory) => actions.reduce((mode, change) => change(mode, before, isDirectory), now)
}

function action(named: string, who: readonly Who[], operator: string, permissions: string): Change {
  // Without a class the special bits are meant too; with one, only those that go with it. `g=u` copies the
  // other bits alone.
  const copies = operator === '=' && /^[ugo]+$/.test(permissions)
  const special = copies ? 0 : specialBits(named)
  const sticky = /^o+$/.test(named) ? 0 : 0o1000
  const mask = who.reduce(
    (bits, class_) => bits | (7 << SHIFT[class_]),
    special | (permissions.includes('t') ? sticky : 0),
  )
  return (now, before, isDirectory) => {
    const file = { now, before, isDirectory }
    let bits = 0
    for (const permission of permissions) bits |= permissionBits(permission, operator, file)
    bits &= mask
    if (operator === '+') return now | bits
    if (operator === '-') return now & ~bits
    return (now & ~mask) | bits
  }
}

const PERMISSIONS: Readonly<Record<string, number>> = { r: 0o444, w: 0o222, x: 0o111, s: 0o6000, t: 0o1000 }

interface ChangedFile {
  /** The mode after the clauses so far, and before all of them. */
  readonly now: number
  readonly before: number
  readonly isDirectory: boolean
}

function permissionBits(permission: string, operator: string, { now, before, isDirectory }: ChangedFile): number {
  if (permission === 'X') return operator === '-' || isDirectory || (before & 0o111) !== 0 ? 0o111 : 0
  if (permission === 'u' || permission === 'g' || permission === 'o') return ((now >> SHIFT[permission]) & 7) * 0o111
  return PERMISSIONS[permission] ?? 0
}
