// The rule for layers whose owners nothing recorded: docs/sandbox.md, "Owners that can't be recorded".
import { TsbuildError } from '../../base/errors.ts'
import type { Session } from '../session.ts'

const MESSAGE =
  "nothing here records the owners that steps give to files: a file keeps the owner that it had, and a new one belongs to the step's user"
const HINT = '`tsbuild doctor` shows what would record them'

/**
 * Call it for every layer of a RUN whose owners are not known, before the step runs or when its layer comes from the
 * cache. Warns once a build. Errors with `SANDBOX_LACKS` under `--strict-ownership`.
 */
export function admitUnknownOwners(step: string, { run, warn, warned }: Session): void {
  if (run.strictOwnership) throw new TsbuildError('SANDBOX_LACKS', MESSAGE, { hint: HINT })
  if (warned.has(MESSAGE)) return
  warned.add(MESSAGE)
  warn({ code: 'SANDBOX_LACKS', message: MESSAGE, hint: HINT, step })
}
