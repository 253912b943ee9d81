import type { BuildEvent } from '../../index.ts'
import { unmetVariables } from '../variables.ts'

/** Events for the variables of docker that ask for something which is not done, of `names` if they are given. */
export function variableWarnings(
  env: Readonly<Record<string, string | undefined>>,
  names?: readonly string[],
): readonly BuildEvent[] {
  const code = 'UNSUPPORTED'
  return unmetVariables(env, names).map((message) => {
    return { type: 'warning', time: Date.now(), code, message, text: `warning: ${message} [${code}]` }
  })
}
