import { type Args, type CommandSpec, commonFlags } from './command.ts'
import { canonicalArguments } from './flag-syntax.ts'
import { UsageError } from './usage-error.ts'

/** Reads a command's arguments; undefined when they ask for help, and then nothing else counts. Throws a {@link UsageError}. */
export async function parseArguments(args: readonly string[], command: CommandSpec): Promise<Args | undefined> {
  const flags = [...command.flags, ...commonFlags]
  const canonical = canonicalArguments(args, { flags, refused: command.refused ?? [] })
  if (canonical.flags.findLast((flag) => flag.startsWith('--help=')) === '--help=true') return undefined
  demandPositionals(canonical.positionals, command)
  // Loaded only now: help and usage errors come without it.
  const { default: yargs } = await import('yargs')
  const parser = yargs([...canonical.flags, '--', ...canonical.positionals])
    .parserConfiguration({
      'boolean-negation': false,
      'camel-case-expansion': false,
      'dot-notation': false,
      'greedy-arrays': false,
      'parse-numbers': false,
      'parse-positional-numbers': false,
      'populate--': true,
    })
    .detectLocale(false)
    .exitProcess(false)
    .help(false)
    .version(false)
    .fail((message, error) => {
      throw error ?? new UsageError('OPTION_INVALID', message)
    })
  for (const flag of flags) {
    if (flag.kind === 'switch') parser.boolean(flag.name)
    else if (flag.kind === 'value') parser.string(flag.name)
    else parser.string(flag.name).array(flag.name)
  }
  const read = parser.parseSync()
  return {
    positionals: all(read['--']),
    on: (flag) => all(read[flag]).at(-1) === 'true',
    value: (flag) => all(read[flag]).at(-1),
    list: (flag) => all(read[flag]),
  }
}

const all = (value: unknown): string[] => [value ?? []].flat().map(String)

function demandPositionals(given: readonly string[], command: CommandSpec): void {
  const { name, min, max } = command.positionals
  const help = `usage: tsbuild ${command.usage}`
  if (given.length < min) {
    const missing = name.split(' ').slice(given.length).join(' and ')
    const hint = command.name === 'build' ? 'the current directory is `tsbuild .`' : help
    throw new UsageError('OPTION_INVALID', `${missing} ${missing.includes(' and ') ? 'are' : 'is'} missing`, { hint })
  }
  if (given.length <= max) return
  const extra = JSON.stringify(given[max])
  throw new UsageError('OPTION_INVALID', `unexpected argument ${extra}`, { hint: help })
}
