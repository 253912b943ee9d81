import { readFileSync } from 'node:fs'
import { messageOf, TsbuildError } from '../base/errors.ts'
import type { SecretSource } from './run-options.ts'

/** Bytes of a secret at most, as in BuildKit. */
const SECRET_LIMIT = 500 * 1024

type Env = Readonly<Record<string, string | undefined>>

/**
 * A secret's bytes; undefined for a variable that `env` does not have. Errors with `SECRET_NOT_FOUND`,
 * `OPTION_INVALID`.
 */
export function readSecret(id: string, source: SecretSource, env: Env): Uint8Array | undefined {
  const bytes = secretBytes(id, source, env)
  if (bytes === undefined || bytes.length <= SECRET_LIMIT) return bytes
  throw new TsbuildError('OPTION_INVALID', `the secret ${JSON.stringify(id)} has more than ${SECRET_LIMIT} bytes`)
}

function secretBytes(id: string, source: SecretSource, env: Env): Uint8Array | undefined {
  switch (source.kind) {
    case 'value':
      return typeof source.value === 'string' ? Buffer.from(source.value) : source.value
    case 'env': {
      const value = env[source.name]
      return value === undefined ? undefined : Buffer.from(value)
    }
    case 'file':
      try {
        return readFileSync(source.path)
      } catch (cause) {
        const reason = messageOf(cause)
        throw new TsbuildError('SECRET_NOT_FOUND', `cannot read the secret ${JSON.stringify(id)}: ${reason}`, { cause })
      }
  }
}
