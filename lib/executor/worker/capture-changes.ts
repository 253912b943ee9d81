import { CAPABILITY, type SourceEntry } from '../../layers/entry.ts'
import { entryWith } from '../../layers/entry-with.ts'
import type { StepOwners } from './file-owners.ts'
import type { FromWorker, RunRequest } from './protocol.ts'
import type { RunRoot } from './root/open-root.ts'
import type { WorkerContext } from './worker-context.ts'

/** What a command changed, as the entries of a layer. `mountTargets` are in the form of entry.ts. */
export function captureChanges(
  root: RunRoot,
  mountTargets: readonly string[],
  { identify, capabilities, named }: StepOwners,
  { step, timestamp }: RunRequest,
  { backend }: WorkerContext,
  tell: (message: FromWorker) => void,
): readonly SourceEntry[] {
  const warn = (message: string, hint?: string): void =>
    tell({ kind: 'warning', step, code: 'SANDBOX_LACKS', message, hint })
  const options = {
    // Real mounts keep their content out of the root; copies were removed, but their parents' times may differ.
    exclude: new Set(backend.features.mounts ? [] : mountTargets),
    identity: identify,
    onUnreadCapabilities: () =>
      warn(
        'file capabilities that the step may have set are not recorded: no program here can read them',
        'install attr (getfattr) or libcap2-bin (getcap)',
      ),
    onWhiteoutNames: ([path]: readonly string[]) =>
      warn(`files with names that begin with .wh. can't be in a layer: ${JSON.stringify(path)} is left out`),
  }
  const entries = withOwnersOfLinks(root.capture(options, timestamp), named)
  if (capabilities.size === 0) return entries
  return entries.map((entry) => {
    const value = entry.type === 'file' ? capabilities.get(entry.path) : undefined
    return value ? entryWith(entry, { xattrs: { [CAPABILITY]: value } }) : entry
  })
}

/** All names of a file have its owner, whichever of them the command changed it by. */
function withOwnersOfLinks(entries: readonly SourceEntry[], named: ReadonlySet<string>): readonly SourceEntry[] {
  const fileOf = (entry: SourceEntry): string => (entry.type === 'hardlink' ? (entry.linkname ?? '') : entry.path)
  const linked = new Set(entries.filter(({ type }) => type === 'hardlink').map(fileOf))
  if (linked.size === 0 || named.size === 0) return entries
  const owners = new Map<string, SourceEntry>()
  for (const entry of entries) {
    const file = fileOf(entry)
    if (linked.has(file) && named.has(entry.path) && !owners.has(file)) owners.set(file, entry)
  }
  return entries.map((entry) => {
    const owner = owners.get(fileOf(entry))
    return owner ? entryWith(entry, { uid: owner.uid, gid: owner.gid }) : entry
  })
}
