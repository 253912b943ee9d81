import { type BigIntStats, lstatSync } from 'node:fs'
import type { Identify } from '../../layers/diff/changed-entries.ts'
import type { SourceEntry } from '../../layers/entry.ts'
import type { FileTree, TreeEntry } from '../../layers/file-tree.ts'
import type { RunRoot } from './root/run-root.ts'
import type { WorkerStep } from './worker-context.ts'

export interface CaptureChangesOptions {
  readonly mountTargets: readonly string[]
  readonly identity: Identify
  /** The status of the root directory before the command. */
  readonly rootBefore: BigIntStats
  /** The files before the command. */
  readonly view: FileTree
}

export interface CapturedChanges {
  readonly entries: readonly SourceEntry[]
  /** False if file capabilities that the command may have set could not be read. */
  readonly complete: boolean
}

/**
 * The changes that a command made in its root, as the entries of a layer. `mountTargets` are in the form of entry.ts.
 * Emits warnings of changes that a layer can't hold.
 */
export function captureChanges(
  { request: { step, timestamp }, context: { backend, readCapabilities }, emit }: WorkerStep,
  root: RunRoot,
  { mountTargets, identity, rootBefore, view }: CaptureChangesOptions,
): CapturedChanges {
  let complete = true
  const warn = (message: string, hint?: string): void =>
    emit({ kind: 'warning', step, code: 'SANDBOX_LACKS', message, hint })
  const options = {
    // Real mounts keep their content out of the root. Copied ones have been removed, but the times of their parents
    // may differ.
    exclude: new Set(backend.features.mounts ? [] : mountTargets),
    identity,
    readCapabilities,
    onUnreadCapabilities: () => {
      complete = false
      warn(
        'file capabilities that the step may have set are not recorded: no program here can read them',
        'install attr (getfattr) or libcap2-bin (getcap)',
      )
    },
    onWhiteoutNames: ([path]: readonly string[]) =>
      warn(`files with names that begin with .wh. can't be in a layer: ${JSON.stringify(path)} is left out`),
  }
  warnOfRoot(root.directory, { rootBefore, before: view.lookup(''), identity }, warn)
  return { entries: root.capture(options, timestamp), complete }
}

/** Mode and owner of the root directory are no part of the layers that a build makes, as in BuildKit. */
function warnOfRoot(
  directory: string,
  {
    rootBefore,
    before,
    identity,
  }: {
    readonly rootBefore: BigIntStats
    readonly before: TreeEntry | undefined
    readonly identity: Identify
  },
  warn: (message: string) => void,
): void {
  const after = lstatSync(directory, { bigint: true })
  if (after.mode !== rootBefore.mode) warn(ROOT_CHANGED('mode'))
  const { uid, gid } = identity('', after, before)
  if (before && (uid !== before.uid || gid !== before.gid)) warn(ROOT_CHANGED('owner'))
}

const ROOT_CHANGED = (what: string): string =>
  `the step changed the ${what} of /, which no layer holds: the image keeps the ${what} that / has in its base`
