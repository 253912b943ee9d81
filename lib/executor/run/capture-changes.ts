import type { SourceEntry } from '../../layers/entry.ts'
import type { FromWorker, RunRequest } from './protocol.ts'
import type { RunRoot } from './run-root.ts'
import type { WorkerContext } from './worker-context.ts'

/** What a command changed, as the entries of a layer. */
export function captureChanges(
  root: RunRoot,
  mountTargets: readonly string[],
  { step, timestamp }: RunRequest,
  { backend, owners }: WorkerContext,
  tell: (message: FromWorker) => void,
): readonly SourceEntry[] {
  const entries = root.capture({
    // Real mounts keep their content out of the root; copies were removed, but their parents' times may differ.
    exclude: new Set(backend.features.mounts ? [] : mountTargets),
    identity: (_path, { uid, gid }) => (owners ? { uid: Number(uid), gid: Number(gid) } : { uid: 0, gid: 0 }),
    onUnreadCapabilities: () => {
      const message = 'file capabilities that the step may have set are not recorded: no program here can read them'
      const hint = 'install attr (getfattr) or libcap2-bin (getcap)'
      tell({ kind: 'warning', step, code: 'SANDBOX_LACKS', message, hint })
    },
  })
  return timestamp === undefined ? entries : entries.map((entry) => ({ ...entry, mtime: timestamp }))
}
