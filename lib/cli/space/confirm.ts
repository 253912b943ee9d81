import { TsbuildError } from '../../base/errors.ts'
import type { Terminal } from '../terminal/terminal.ts'

/**
 * Asks on the terminal whether to go on; without a terminal to ask on, it is an error. Resolves to false for any answer
 * but yes. Errors with `OPTION_INVALID`.
 */
export async function confirm(warning: string, { stdin, err }: Terminal): Promise<boolean> {
  if (!stdin.isTTY) {
    throw new TsbuildError('OPTION_INVALID', 'there is no terminal to ask for a confirmation on', {
      hint: 'go on without being asked by --force',
    })
  }
  err.write(`WARNING! ${warning} Are you sure you want to continue? [y/N] `)
  let answer = ''
  for await (const chunk of stdin.bytes()) {
    answer += Buffer.from(chunk).toString()
    if (answer.includes('\n')) break
  }
  return /^\s*y(?:es)?\s*$/i.test(answer.split('\n')[0] ?? '')
}
