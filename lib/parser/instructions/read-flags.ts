import type { Span } from '../../base/source.ts'
import { suggest } from '../../base/suggest.ts'
import type { Command, Report } from '../syntax/syntax-node.ts'
import type { Flag, Word } from '../types.ts'

/** The kind of a flag. A `strings` flag may be given several times. */
export type FlagKind = 'boolean' | 'string' | 'strings'

/** A flag with its value. */
export interface GivenFlag {
  readonly value: string
  readonly span: Span
  readonly valueSpan: Span
}

export interface Flags<Name extends string> {
  /** The value of a string flag; undefined if the flag is not given. */
  word(name: Name): Word | undefined
  /** Like `word`, but undefined also for an empty value, which most flags treat as not given. */
  nonEmpty(name: Name): Word | undefined
  words(name: Name): readonly Word[]
  /** All flags of that name. */
  given(name: Name): readonly GivenFlag[]
  /** The value of a boolean flag; undefined if the flag is not given. */
  boolean(name: Name): boolean | undefined
}

/** Checks the flags of an instruction, reports invalid ones, and gives access to the valid ones. */
export function readFlags<Name extends string>(
  { flags, name: instruction }: Pick<Command, 'flags' | 'name'>,
  kinds: Readonly<Record<Name, FlagKind>>,
  report: Report,
): Flags<Name> {
  const owner = instruction.toUpperCase()
  const names = Object.keys(kinds)
  const good = new Map<string, Flag[]>()
  for (const flag of flags) {
    const kind = names.includes(flag.name) ? kinds[flag.name as Name] : undefined
    if (!kind) {
      const match = suggest(flag.name, names)
      report('FLAG_UNKNOWN', `unknown flag --${flag.name} for ${owner}`, flag.span, unknownHint(owner, match, names))
    } else if (kind !== 'strings' && good.has(flag.name)) {
      report('FLAG_INVALID', `duplicate flag --${flag.name}`, flag.span, 'it can be given only once')
    } else if (isValid(flag, kind, report)) {
      const others = good.get(flag.name)
      if (others) others.push(flag)
      else good.set(flag.name, [flag])
    }
  }
  const given = (name: Name): GivenFlag[] =>
    (good.get(name) ?? []).map((flag) => ({
      value: flag.value ?? '',
      span: flag.span,
      valueSpan: flag.valueSpan ?? flag.span,
    }))
  const words = (name: Name): readonly Word[] => given(name).map(({ value, valueSpan: span }) => ({ value, span }))
  return {
    given,
    words,
    word: (name) => words(name)[0],
    nonEmpty: (name) => words(name).find(({ value }) => value !== ''),
    boolean: (name) => {
      const [flag] = good.get(name) ?? []
      return flag && flag.value?.toLowerCase() !== 'false'
    },
  }
}

function isValid({ name, value, span, valueSpan }: Flag, kind: FlagKind, report: Report): boolean {
  if (value === undefined) {
    if (kind === 'boolean') return true
    report('FLAG_INVALID', `missing a value on flag --${name}`, span, `write --${name}=value`)
    return false
  }
  if (kind !== 'boolean' || /^(?:true|false)$/i.test(value)) return true
  if (value === '')
    report('FLAG_INVALID', `missing a value on flag --${name}`, span, `write --${name} or --${name}=true`)
  else {
    const message = `expected true or false for flag --${name}, got ${JSON.stringify(value)}`
    report('FLAG_INVALID', message, valueSpan ?? span)
  }
  return false
}

function unknownHint(owner: string, match: string | undefined, names: readonly string[]): string {
  if (match) return `did you mean --${match}?`
  if (names.length === 0) return `${owner} has no flags`
  return `${owner} has ${names.map((name) => `--${name}`).join(', ')}`
}
