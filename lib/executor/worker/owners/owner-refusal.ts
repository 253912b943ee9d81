// Recognises in the output of a step that the system refused it an owner, for the hint of the step's error.
import type { OwnershipMethod } from '../../../sandbox/ownership/ownership-method.ts'
import type { WorkerNamespaces } from '../../../sandbox/types.ts'

// Programs name the call or its purpose, then the kernel's message, when they may not change an owner, a group or a
// user.
const REFUSED =
  /(\b(chown|chgrp|lchown|fchown(at)?|owner(ship)?|set(e|re|res)?[ug]ids?|setgroups|initgroups|set groups)\b|^(adduser|addgroup|useradd|su|apk): ).*(Invalid argument|Operation not permitted)/im

/** Whether an output says that the system refused a program another user id, where there is one user id. */
export function isOwnerRefusal(
  output: string,
  { kind }: Pick<OwnershipMethod, 'kind'>,
  { mapping }: Pick<WorkerNamespaces, 'mapping'>,
): boolean {
  return mapping === 'single' && kind === 'assumed' && REFUSED.test(output)
}
