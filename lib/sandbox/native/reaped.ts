// Keeps the processes of a command together where no process id namespace does.

import type { PreparedCommand } from '../types.ts'
import { findHelper } from './find-helper.ts'

/**
 * A command line that runs under the native helper, if there is one. The helper adopts every process that the command
 * leaves behind, whatever that process does, and kills all of them when the command ends, or when this process does.
 */
export function reaped(argv: readonly string[]): Pick<PreparedCommand, 'file' | 'args' | 'endSignal'> {
  const helper = findHelper()
  const [file = '', ...args] = argv
  return helper === undefined ? { file, args } : { file: helper, args: ['reap', ...argv], endSignal: 'SIGUSR2' }
}
