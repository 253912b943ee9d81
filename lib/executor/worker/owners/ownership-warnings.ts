// Warns when a step set owners that the ownership method can't record. A step that sets none gets no warning.
import { existsSync } from 'node:fs'
import { TsbuildError } from '../../../base/errors.ts'
import { toFsPath } from '../../../layers/paths/path-bytes.ts'
import type { OwnersAfter, OwnershipMethod } from '../../../sandbox/ownership/ownership-method.ts'
import type { WorkerNamespaces } from '../../../sandbox/types.ts'
import type { RunRequest } from '../protocol.ts'
import { resolveInRoot } from '../root/resolve-in-root.ts'
import type { WorkerStep } from '../worker-context.ts'

const HINT = '`tsbuild doctor` shows what would record them'

/** Refuses a step under `--strict-ownership` where nothing records owners. Errors with `SANDBOX_LACKS`. */
export function refuseAssumedOwners({ kind, warning }: OwnershipMethod, { strictOwnership }: RunRequest): void {
  if (strictOwnership && kind === 'assumed' && warning !== undefined) {
    throw new TsbuildError('SANDBOX_LACKS', warning, { hint: HINT })
  }
}

// Programs name the call or its purpose, then the kernel's message, when they may not change an owner, a group or a
// user.
const REFUSED =
  /(\b(chown|chgrp|lchown|fchown(at)?|owner(ship)?|set(e|re|res)?[ug]ids?|setgroups|initgroups|set groups)\b|^(adduser|addgroup|useradd|su|apk): ).*(Invalid argument|Operation not permitted)/im

/** Whether an output says that the system refused a program another user id, where there is one user id. */
export function isOwnerRefusal(output: string, { kind }: OwnershipMethod, { mapping }: WorkerNamespaces): boolean {
  return mapping === 'single' && (kind === 'assumed' || kind === 'fakeroot') && REFUSED.test(output)
}

/** Signs that a step set owners, after the step has succeeded. */
export interface OwnershipSigns {
  readonly after: OwnersAfter
  /** See {@link isOwnerRefusal}. */
  readonly refused: boolean
  /** Whether the step changed /etc/passwd or /etc/group: new users have files. */
  readonly accountsChanged: boolean
}

/**
 * Warns, once a build, if owners that the step set may not be recorded, and returns whether some are lost. Errors
 * with `SANDBOX_LACKS` if some are lost under `--strict-ownership`. `root` is the directory of the step's root.
 */
export function warnOfLostOwners(
  { request: { step, strictOwnership }, context: { warned, namespaces }, emit }: WorkerStep,
  { root, method, signs }: { readonly root: string; readonly method: OwnershipMethod; readonly signs: OwnershipSigns },
): boolean {
  const { kind, warning } = method
  const { after, refused, accountsChanged } = signs
  if (warning === undefined) return false
  // proot lets every chown succeed and records nothing, so any step may have set owners.
  const lost = refused || (kind === 'assumed' ? accountsChanged || namespaces.mapping !== 'single' : hasSetcap(root))
  if (!lost && !after.asked) return false
  if (lost && strictOwnership) throw new TsbuildError('SANDBOX_LACKS', warning, { hint: HINT })
  if (!warned.has(warning)) {
    warned.add(warning)
    emit({ kind: 'warning', step, code: 'SANDBOX_LACKS', message: warning, hint: HINT })
  }
  return lost
}

/** Whether a root has setcap, which installers of packages call where it exists. */
function hasSetcap(root: string): boolean {
  return ['/sbin/setcap', '/usr/sbin/setcap'].some((path) =>
    existsSync(toFsPath(`${root}/${resolveInRoot(root, path)}`)),
  )
}
