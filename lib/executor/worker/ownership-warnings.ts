// Whether a step wanted owners that this place can't give or record: only then is that worth a word.
import { existsSync } from 'node:fs'
import { TsbuildError } from '../../base/errors.ts'
import { toFsPath } from '../../layers/paths/path-bytes.ts'
import type { OwnersAfter, OwnershipMethod } from '../../sandbox/ownership/ownership-method.ts'
import type { WorkerNamespaces } from '../../sandbox/types.ts'
import type { FromWorker, RunRequest } from './protocol.ts'
import { resolveInRoot } from './root/resolve-in-root.ts'
import type { WorkerContext } from './worker-context.ts'

const HINT = '`tsbuild doctor` shows what would record them'

/** A step under `--strict-ownership` is refused where nothing records owners. Errors with `SANDBOX_LACKS`. */
export function refuseAssumed({ kind, warning }: OwnershipMethod, { strictOwnership }: RunRequest): void {
  if (strictOwnership && kind === 'assumed' && warning !== undefined) {
    throw new TsbuildError('SANDBOX_LACKS', warning, { hint: HINT })
  }
}

// What programs say who may not change an owner, a group or a user: they name the call or what it does, then the kernel's words.
const REFUSED =
  /(\b(chown|chgrp|lchown|fchown(at)?|owner(ship)?|set(e|re|res)?[ug]ids?|setgroups|initgroups|set groups)\b|^(adduser|addgroup|useradd|su|apk): ).*(Invalid argument|Operation not permitted)/im

/** Whether a program in a place with one id says that it was refused another one. */
export function saysRefused(text: string, { kind }: OwnershipMethod, { mapping }: WorkerNamespaces): boolean {
  return mapping === 'single' && (kind === 'assumed' || kind === 'fakeroot') && REFUSED.test(text)
}

/** What there is to know of a step that has succeeded. */
export interface OwnerSigns {
  readonly after: OwnersAfter
  /** See {@link saysRefused}. */
  readonly refused: boolean
  /** Whether it changed /etc/passwd or /etc/group: new users have files. */
  readonly accounts: boolean
}

/**
 * Warns, once a build, if owners that the step set may not be what they should, and tells whether they may. Errors with `SANDBOX_LACKS` if
 * some got lost under `--strict-ownership`.
 */
export function tellDoubts(
  source: OwnershipMethod,
  { after, refused, accounts }: OwnerSigns,
  root: string,
  { step, strictOwnership }: RunRequest,
  { told, namespaces }: WorkerContext,
  tell: (message: FromWorker) => void,
): boolean {
  const { kind, warning } = source
  if (warning === undefined) return false
  // With proot chown always succeeds: what a step set can't be known.
  const lost = refused || (kind === 'assumed' ? accounts || namespaces.mapping !== 'single' : hasSetcap(root))
  if (!lost && !after.asked) return false
  if (lost && strictOwnership) throw new TsbuildError('SANDBOX_LACKS', warning, { hint: HINT })
  if (!told.has(warning)) {
    told.add(warning)
    tell({ kind: 'warning', step, code: 'SANDBOX_LACKS', message: warning, hint: HINT })
  }
  return lost
}

/** Installers call it if it is there. */
function hasSetcap(root: string): boolean {
  return ['/sbin/setcap', '/usr/sbin/setcap'].some((path) =>
    existsSync(toFsPath(`${root}/${resolveInRoot(root, path)}`)),
  )
}
