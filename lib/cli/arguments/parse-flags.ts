// Reads arguments as docker's flag library (pflag) does, and rewrites them in one canonical spelling.
import type { FlagSpec, RefusedFlag } from '../command-spec.ts'
import { UsageError } from './usage-error.ts'

export interface FlagTable {
  readonly flags: readonly FlagSpec[]
  readonly refused?: readonly RefusedFlag[]
}

/** Arguments with every flag as `--name=value`. */
export interface CanonicalArguments {
  readonly flags: readonly string[]
  readonly positionals: readonly string[]
}

/**
 * Rewrites `-t x`, `-tx`, `-t=x`, `--tag x` and `--tag=x` to `--tag=x`, and switches to `--name=true` or
 * `--name=false`. A flag that takes a value takes the next argument whatever it is; after `--` everything is
 * positional; `-` is positional. Throws a {@link UsageError}: `OPTION_UNKNOWN`, `OPTION_INVALID` for a missing
 * or wrong value, `UNSUPPORTED` for refused flags.
 */
export function canonicalArguments(args: readonly string[], table: FlagTable): CanonicalArguments {
  const flags: string[] = []
  const positionals: string[] = []
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] ?? ''
    if (arg === '--') {
      positionals.push(...args.slice(i + 1))
      break
    }
    if (arg === '-' || !arg.startsWith('-')) {
      positionals.push(arg)
      continue
    }
    const next = (): string | undefined => args[++i]
    flags.push(...(arg.startsWith('--') ? longFlag(arg, next, table) : shortFlags(arg, next, table)))
  }
  return { flags, positionals }
}

function longFlag(arg: string, next: () => string | undefined, table: FlagTable): string[] {
  const equals = arg.indexOf('=')
  const name = arg.slice(2, equals === -1 ? undefined : equals)
  const flag = lookUp(table, (candidate) => candidate.name === name)
  if (!flag) {
    const candidates = table.flags.map((candidate) => candidate.name)
    throw new UsageError('OPTION_UNKNOWN', `unknown option ${JSON.stringify(`--${name}`)}`, {
      unknown: { word: name, candidates, prefix: '--' },
    })
  }
  return spell(flag, `--${name}`, equals === -1 ? undefined : arg.slice(equals + 1), next)
}

/**
 * Reads `-q`, `-qt x`, `-tx` or `-t=x`: switches, up to a letter that takes the rest, or the next argument, as
 * its value.
 */
function shortFlags(arg: string, next: () => string | undefined, table: FlagTable): string[] {
  refuseSingleDash(arg, table)
  const out: string[] = []
  for (let rest = arg.slice(1); rest !== ''; ) {
    const letter = [...rest][0] ?? ''
    const flag = lookUp(table, (candidate) => candidate.short === letter)
    if (!flag) {
      const where = arg.length > 2 ? ` in ${JSON.stringify(arg)}` : ''
      throw new UsageError('OPTION_UNKNOWN', `unknown option ${JSON.stringify(`-${letter}`)}${where}`)
    }
    rest = rest.slice(letter.length)
    const attached = rest.startsWith('=') ? rest.slice(1) : rest
    if (flag.kind !== 'switch') return [...out, ...spell(flag, `-${letter}`, rest === '' ? undefined : attached, next)]
    if (rest.startsWith('=')) return [...out, ...spell(flag, `-${letter}`, attached, next)]
    out.push(...spell(flag, `-${letter}`, undefined, next))
  }
  return out
}

/** Refuses `-target`, which pflag reads as `-t arget`. */
function refuseSingleDash(arg: string, table: FlagTable): void {
  const name = arg.slice(1).split('=')[0] ?? ''
  if (name.length < 2 || !lookUp(table, (candidate) => candidate.name === name)) return
  throw new UsageError('OPTION_UNKNOWN', `unknown option ${JSON.stringify(`-${name}`)}`, {
    hint: `write it with two dashes: --${arg.slice(1)}`,
  })
}

type Known = (FlagSpec | RefusedFlag) & { readonly refused: boolean }

function lookUp(table: FlagTable, matches: (flag: FlagSpec | RefusedFlag) => boolean): Known | undefined {
  const flag = table.flags.find(matches)
  if (flag) return { ...flag, refused: false }
  const refused = table.refused?.find(matches)
  return refused && { ...refused, refused: true }
}

function spell(flag: Known, written: string, attached: string | undefined, next: () => string | undefined): string[] {
  const value = flag.kind === 'switch' ? switchValue(written, attached) : (attached ?? next())
  if (flag.refused) {
    if ('harmless' in flag && value !== undefined && flag.harmless?.includes(value)) return []
    const hint = 'hint' in flag ? flag.hint : undefined
    throw new UsageError('UNSUPPORTED', `${written} is not supported yet`, { hint })
  }
  if (value === undefined) {
    const value = ('placeholder' in flag && flag.placeholder) || 'a value'
    throw new UsageError('OPTION_INVALID', `${written} needs ${value}`)
  }
  const choices = 'choices' in flag ? flag.choices : undefined
  if (choices && !choices.includes(value)) {
    throw new UsageError('OPTION_INVALID', `${written} can't be ${JSON.stringify(value)}: expected ${oneOf(choices)}`, {
      unknown: { word: value, candidates: choices, prefix: '' },
    })
  }
  return [`--${flag.name}=${value}`]
}

/** The spellings of Go's strconv.ParseBool. */
function switchValue(written: string, attached: string | undefined): 'true' | 'false' {
  if (attached === undefined || /^(1|t|T|true|TRUE|True)$/.test(attached)) return 'true'
  if (/^(0|f|F|false|FALSE|False)$/.test(attached)) return 'false'
  throw new UsageError('OPTION_INVALID', `${written} can't be ${JSON.stringify(attached)}: expected true or false`)
}

function oneOf(choices: readonly string[]): string {
  return choices.length < 2 ? choices.join() : `${choices.slice(0, -1).join(', ')} or ${choices.at(-1)}`
}
