import type { Identify } from '../../layers/diff/changed-entries.ts'
import type { SourceEntry } from '../../layers/entry.ts'
import type { FromWorker, RunRequest } from './protocol.ts'
import type { RunRoot } from './root/open-root.ts'
import type { WorkerContext } from './worker-context.ts'

/** What a command changed, as the entries of a layer. `mountTargets` are in the form of entry.ts. */
export function captureChanges(
  root: RunRoot,
  mountTargets: readonly string[],
  identity: Identify,
  { step, timestamp }: RunRequest,
  { backend }: WorkerContext,
  tell: (message: FromWorker) => void,
): readonly SourceEntry[] {
  const warn = (message: string, hint?: string): void =>
    tell({ kind: 'warning', step, code: 'SANDBOX_LACKS', message, hint })
  const options = {
    // Real mounts keep their content out of the root; copies were removed, but their parents' times may differ.
    exclude: new Set(backend.features.mounts ? [] : mountTargets),
    identity,
    onUnreadCapabilities: () =>
      warn(
        'file capabilities that the step may have set are not recorded: no program here can read them',
        'install attr (getfattr) or libcap2-bin (getcap)',
      ),
    onWhiteoutNames: ([path]: readonly string[]) =>
      warn(`files with names that begin with .wh. can't be in a layer: ${JSON.stringify(path)} is left out`),
  }
  return root.capture(options, timestamp)
}
