import { type ErrorCode, TsbuildError } from '../../base/errors.ts'

/** Parses foreign TOML 1.0. Errors with the given code; the message names `what` and the line. */
export async function parseToml(text: string, code: ErrorCode, what: string): Promise<unknown> {
  const { parse, TomlError } = await import('smol-toml')
  try {
    return parse(text, { unsafeKeyBehaviour: 'throw', maxDepth: 20 })
  } catch (cause) {
    if (!(cause instanceof TomlError)) throw cause
    // The first line is the reason; the others are an excerpt of the text.
    const [reason = ''] = cause.message.split('\n')
    throw new TsbuildError(code, `${what}, line ${cause.line}: ${reason}`, { cause })
  }
}
