import type { Identify } from '../../layers/changed-entries.ts'
import type { SourceEntry } from '../../layers/entry.ts'
import type { SandboxUser } from '../../sandbox/types.ts'
import type { FromWorker, RunRequest } from './protocol.ts'
import type { RunRoot } from './run-root.ts'
import type { WorkerContext } from './worker-context.ts'

/** A command that has ended. */
export interface CommandEnd {
  /** In the form of entry.ts. */
  readonly mountTargets: readonly string[]
  readonly user: SandboxUser
}

/** What a command changed, as the entries of a layer. */
export function captureChanges(
  root: RunRoot,
  { mountTargets, user }: CommandEnd,
  { step, timestamp }: RunRequest,
  { backend, owners }: WorkerContext,
  tell: (message: FromWorker) => void,
): readonly SourceEntry[] {
  const options = {
    // Real mounts keep their content out of the root; copies were removed, but their parents' times may differ.
    exclude: new Set(backend.features.mounts ? [] : mountTargets),
    identity: identify(owners, user),
    onUnreadCapabilities: () => {
      const message = 'file capabilities that the step may have set are not recorded: no program here can read them'
      const hint = 'install attr (getfattr) or libcap2-bin (getcap)'
      tell({ kind: 'warning', step, code: 'SANDBOX_LACKS', message, hint })
    },
    onWhiteoutNames: ([path]: readonly string[]) => {
      const message = `files with names that begin with .wh. can't be in a layer: ${JSON.stringify(path)} is left out`
      tell({ kind: 'warning', step, code: 'SANDBOX_LACKS', message, hint: undefined })
    },
  }
  return root.capture(options, timestamp)
}

/** Where the disk can't say whose a file is: who owned it before, or who runs the step. */
function identify(owners: boolean, user: SandboxUser): Identify {
  if (owners) return (_path, { uid, gid }) => ({ uid: Number(uid), gid: Number(gid) })
  return (_path, _stat, base) => ({ uid: base?.uid ?? user.uid, gid: base?.gid ?? user.gid })
}
