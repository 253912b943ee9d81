// Turns the flags for the inputs of a build into options of the library.
import type { BuildOptions } from '../../index.ts'
import type { Args } from '../command-spec.ts'
import { readText, type Terminal } from '../terminal/terminal.ts'
import { defaultPlatforms } from '../variables.ts'
import { UsageError } from './usage-error.ts'

/**
 * Reads the context, the Dockerfile, the target, args and platforms. Throws a {@link UsageError} for invalid
 * values.
 */
export async function readBuildOptions(args: Args, terminal: Terminal): Promise<BuildOptions> {
  const file = args.value('file')
  const target = args.value('target')
  const asked = args.list('platform').flatMap((value) => value.split(','))
  const platforms = asked.length > 0 ? asked : defaultPlatforms(terminal.env)
  const store = args.value('store')
  return {
    context: readContext(args.positionals[0] ?? '.', file, terminal),
    ...(file !== undefined && {
      dockerfile: file === '-' ? { text: await readText(terminal), name: 'stdin' } : file,
    }),
    ...(target !== undefined && target !== '' && { target }),
    buildArgs: readPairs('build-arg', args.list('build-arg'), (name) => terminal.env[name]),
    buildContexts: readPairs('build-context', args.list('build-context')),
    ...(platforms.length > 0 && { platforms }),
    ...(store !== undefined && { store }),
  }
}

/**
 * `NAME=VALUE` flags as a record; of several with one name the last counts. `alone` returns the value of a
 * `NAME` without a value, or undefined to leave it out. Without `alone` such a flag is refused.
 */
export function readPairs(
  flag: string,
  values: readonly string[],
  alone?: (name: string) => string | undefined,
): Record<string, string> {
  const pairs = new Map<string, string>()
  for (const text of values) {
    const equals = text.indexOf('=')
    const name = equals === -1 ? text : text.slice(0, equals)
    if (name === '' || (equals === -1 && !alone)) {
      throw new UsageError('OPTION_INVALID', `--${flag} can't be ${JSON.stringify(text)}: expected NAME=VALUE`)
    }
    const value = equals === -1 ? alone?.(name) : text.slice(equals + 1)
    if (value !== undefined) pairs.set(name, value)
  }
  return Object.fromEntries(pairs)
}

function readContext(path: string, file: string | undefined, terminal: Terminal): BuildOptions['context'] {
  if (path !== '-') return path
  const { stdin } = terminal
  if (file === '-') {
    throw new UsageError('OPTION_INVALID', 'standard input cannot be both the build context and the Dockerfile')
  }
  if (stdin.isTTY) {
    const hint = 'pipe a tar or a Dockerfile into it, or name a directory'
    throw new UsageError(
      'OPTION_INVALID',
      'the build context should come from standard input, but that is a terminal',
      {
        hint,
      },
    )
  }
  return { stream: stdin.bytes() }
}
