import { type ErrorCode, TsbuildError } from '../../base/errors.ts'

/** Parses TOML 1.0 that came from elsewhere. Errors with the given code, naming `what` and the line. */
export async function parseToml(text: string, code: ErrorCode, what: string): Promise<unknown> {
  const { parse, TomlError } = await import('smol-toml')
  try {
    return parse(text, { unsafeKeyBehaviour: 'throw', maxDepth: 20 })
  } catch (cause) {
    if (!(cause instanceof TomlError)) throw cause
    // The first line is the reason; what follows is an excerpt.
    const [reason = ''] = cause.message.split('\n')
    throw new TsbuildError(code, `${what}, line ${cause.line}: ${reason}`, { cause })
  }
}
