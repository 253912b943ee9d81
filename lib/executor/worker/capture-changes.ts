import type { Identify } from '../../layers/diff/changed-entries.ts'
import type { SourceEntry } from '../../layers/entry.ts'
import type { RunRoot } from './root/run-root.ts'
import type { WorkerStep } from './worker-context.ts'

/**
 * The changes that a command made in its root, as the entries of a layer. `mountTargets` are in the form of entry.ts.
 * Emits warnings of changes that a layer can't hold.
 */
export function captureChanges(
  { request: { step, timestamp }, context: { backend }, emit }: WorkerStep,
  root: RunRoot,
  { mountTargets, identity }: { readonly mountTargets: readonly string[]; readonly identity: Identify },
): readonly SourceEntry[] {
  const warn = (message: string, hint?: string): void =>
    emit({ kind: 'warning', step, code: 'SANDBOX_LACKS', message, hint })
  const options = {
    // Real mounts keep their content out of the root. Copied ones have been removed, but the times of their parents
    // may differ.
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
