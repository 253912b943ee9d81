import type { Fetch } from '../../http/types.ts'
import type { Clock } from '../clock.ts'
import type { RunOptions } from '../run-options.ts'

/** How a build reaches what is outside: URLs, git repositories, and the variables of its caller. */
export interface RemoteAccess {
  readonly env: Readonly<Record<string, string | undefined>>
  /** Undefined for connections of this program's own. */
  readonly fetch: Fetch | undefined
  readonly clock: Clock
  /** Secrets by id; those with the names that BuildKit uses are credentials. */
  readonly secrets: RunOptions['secrets'] | undefined
}
