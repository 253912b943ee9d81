// `--call` as it is written.
import { UsageError } from './usage-error.ts'

const methods = ['build', 'check', 'outline', 'targets'] as const

export interface Call {
  readonly method: (typeof methods)[number]
  readonly format: 'text' | 'json'
}

/** Reads `METHOD[,format=text|json]`. Throws a {@link UsageError}. */
export function readCall(value: string): Call {
  const [name = '', ...fields] = value.split(',')
  const method = methods.find((candidate) => candidate === name)
  if (!method) {
    throw new UsageError('OPTION_INVALID', `--call can't be ${JSON.stringify(name)}: expected ${methods.join(', ')}`, {
      unknown: { word: name, candidates: methods, prefix: '' },
    })
  }
  let format: Call['format'] = 'text'
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
