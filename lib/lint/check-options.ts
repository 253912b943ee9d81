// `skip=A,B;error=true;experimental=all`: the value of a check directive, and of the build arg that goes before it.
import { TsbuildError } from '../base/errors.ts'
import { readDirective } from '../parser/directives.ts'

/** The rules that count, and whether a warning fails the build. */
export interface CheckOptions {
  readonly skip: 'all' | ReadonlySet<string>
  readonly experimental: 'all' | ReadonlySet<string>
  /** `error=true`: a warning is a failure. */
  readonly failOnWarnings: boolean
}

const defaults: CheckOptions = { skip: new Set(), experimental: new Set(), failOnWarnings: false }

/** Reads a directive's value. Errors with `DIRECTIVE_INVALID`, without a location. */
export function parseCheckOptions(text: string): CheckOptions {
  if (text.trim() === '') return defaults
  const options: { -readonly [Key in keyof CheckOptions]: CheckOptions[Key] } = { ...defaults }
  for (const part of splitParts(text.trim())) {
    const equals = part.indexOf('=')
    const key = (equals === -1 ? part : part.slice(0, equals)).trim()
    const value = part.slice(equals + 1).trim()
    if (equals === -1) throw invalid(part)
    if (key === 'skip' || key === 'experimental') options[key] = value === 'all' ? 'all' : names(value)
    else if (key === 'error') options.failOnWarnings = parseBoolean(part, value)
    else throw invalid(key)
  }
  return options
}

/** The options with those of a `check` directive among an instruction's comments; of several the first counts. */
export function withComments(options: CheckOptions, comments: readonly string[]): CheckOptions {
  for (const comment of comments) {
    const directive = readDirective(comment, 0, comment.length, '')
    if (directive?.name !== 'check') continue
    try {
      const { skip, experimental } = parseCheckOptions(directive.value.split(' ', 1)[0] ?? '')
      return {
        ...options,
        skip: union(options.skip, skip),
        experimental: union(options.experimental, experimental),
      }
    } catch (error) {
      // A comment that only looks like a directive is a comment.
      if (error instanceof TsbuildError) return options
      throw error
    }
  }
  return options
}

/** Whether a rule counts. `skip` doesn't know of experimental rules: they are only ever switched on. */
export function isOn(rule: { readonly name: string; readonly experimental?: true }, options: CheckOptions): boolean {
  return rule.experimental ? holds(options.experimental, rule.name) : !holds(options.skip, rule.name)
}

/** Whether `skip` names a rule. */
export const isSkipped = ({ name }: { readonly name: string }, { skip }: CheckOptions): boolean => holds(skip, name)

const holds = (set: 'all' | ReadonlySet<string>, name: string): boolean => set === 'all' || set.has(name)

const names = (value: string): ReadonlySet<string> => new Set(value.split(',').map((name) => name.trim()))

function union(a: CheckOptions['skip'], b: CheckOptions['skip']): CheckOptions['skip'] {
  return a === 'all' || b === 'all' ? 'all' : new Set([...a, ...b])
}

/** At most three: what follows belongs to the third. */
function splitParts(text: string): readonly string[] {
  const [first = '', second, ...rest] = text.split(';')
  if (second === undefined) return [first]
  return rest.length === 0 ? [first, second] : [first, second, rest.join(';')]
}

function parseBoolean(part: string, value: string): boolean {
  if (/^(1|t|T|TRUE|true|True)$/.test(value)) return true
  if (/^(0|f|F|FALSE|false|False)$/.test(value)) return false
  throw invalid(part)
}

function invalid(option: string): TsbuildError {
  return new TsbuildError('DIRECTIVE_INVALID', `invalid check option ${JSON.stringify(option)}`, {
    hint: 'write it like # check=skip=RuleName,OtherRule;error=true',
  })
}
