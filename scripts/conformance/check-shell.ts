import { type EscapeCharacter, expandWord, expandWords } from '../../lib/parser/index.ts'
import { type Case, compare, stringOf, stringsOf } from './check.ts'

/** Checks words {mode, platform, escape, env, input, options?, expect | error, matched?, unmatched?}. */
export function checkShell(record: Case): string | undefined {
  const input = stringOf(record['input'])
  // On Windows the names of variables are case-insensitive.
  const fold = (name: string) => (record['platform'] === 'windows' ? name.toUpperCase() : name)
  const variables = new Map(
    stringsOf(record['env']).map((entry) => {
      const [name = '', ...value] = entry.split('=')
      return [fold(name), value.join('=')]
    }),
  )
  const expand = record['mode'] === 'words' ? expandWords : expandWord
  const result = expand(input, (name) => variables.get(fold(name)), {
    ...optionsOf(record['options']),
    escape: record['escape'] as EscapeCharacter,
  })
  if (record['error'] === true) return 'error' in result ? undefined : compare(input, record['errorText'], result.value)
  if ('error' in result) return compare(input, record['expect'], result.error)
  const sets = { matched: [...result.used].sort(), unmatched: [...result.unset].sort() }
  return compare(
    input,
    { value: record['expect'], ...(record['matched'] !== undefined && pick(record)) },
    { value: result.value, ...(record['matched'] !== undefined && sets) },
  )
}

const pick = ({ matched, unmatched }: Case): Case => ({ matched, unmatched })

/** BuildKit's `RawQuotes` is named `rawQuotes` here. */
function optionsOf(options: unknown): Record<string, boolean> {
  if (typeof options !== 'object' || options === null) return {}
  return Object.fromEntries(
    Object.entries(options).map(([name, value]) => [name.charAt(0).toLowerCase() + name.slice(1), value === true]),
  )
}
