import { type Args, COMMON_FLAGS, type CommandSpec } from '../command-spec.ts'
import { canonicalArguments } from './parse-flags.ts'
import { UsageError } from './usage-error.ts'

/** Parses the arguments of a command; undefined if they request help. Throws a {@link UsageError}. */
export function parseArguments(args: readonly string[], command: CommandSpec): Args | undefined {
  const flags = [...command.flags, ...COMMON_FLAGS]
  const canonical = canonicalArguments(args, { flags, refused: command.refused ?? [] })
  const list = (flag: string): readonly string[] => {
    const start = `--${flag}=`
    return canonical.flags.filter((text) => text.startsWith(start)).map((text) => text.slice(start.length))
  }
  if (list('help').at(-1) === 'true') return undefined
  const { positionals } = canonical
  checkPositionals(positionals, command)
  return {
    positionals,
    on: (flag) => list(flag).at(-1) === 'true',
    value: (flag) => list(flag).at(-1),
    list,
  }
}

function checkPositionals(given: readonly string[], command: CommandSpec): void {
  const { name, min, max } = command.positionals
  const help = `usage: tsbuild ${command.usage}`
  if (given.length < min) {
    const missing = name.split(' ').slice(given.length).join(' and ')
    const hint = command.name === 'build' ? 'to build the current directory, run `tsbuild .`' : help
    throw new UsageError('OPTION_INVALID', `${missing} ${missing.includes(' and ') ? 'are' : 'is'} missing`, { hint })
  }
  if (given.length <= max) return
  const extra = JSON.stringify(given[max])
  throw new UsageError('OPTION_INVALID', `unexpected argument ${extra}`, { hint: help })
}
