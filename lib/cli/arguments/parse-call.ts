// Parses the value of `--call`.
import { UsageError } from './usage-error.ts'

const METHODS = ['build', 'check', 'outline', 'targets'] as const

export interface CallFlag {
  readonly method: (typeof METHODS)[number]
  readonly format: 'text' | 'json'
}

/** Parses `METHOD[,format=text|json]`. Throws a {@link UsageError}. */
export function parseCall(value: string): CallFlag {
  const [name = '', ...fields] = value.split(',')
  const method = METHODS.find((candidate) => candidate === name)
  if (!method) {
    throw new UsageError('OPTION_INVALID', `--call can't be ${JSON.stringify(name)}: expected ${METHODS.join(', ')}`, {
      unknown: { word: name, candidates: METHODS, prefix: '' },
    })
  }
  let format: CallFlag['format'] = 'text'
  for (const field of fields) {
    if (field !== 'format=text' && field !== 'format=json') {
      throw new UsageError('OPTION_INVALID', `--call can't take ${JSON.stringify(field)}`, {
        hint: 'add format=json for JSON',
      })
    }
    format = field === 'format=json' ? 'json' : 'text'
  }
  return { method, format }
}
