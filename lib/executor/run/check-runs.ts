// Checks all RUN steps before anything is built.

import { TsbuildError } from '../../base/errors.ts'
import type { RunOp, Vertex } from '../../graph/types.ts'
import type { Emulator } from '../../sandbox/emulation/binfmt-emulators.ts'
import type { RunOptions } from '../run-options.ts'
import type { Session } from '../session.ts'
import { examiner, foreignPlatform } from './foreign-platform.ts'

/**
 * Refuses RUN steps that can't run: with devices, with rights that are not granted, or for an architecture whose
 * programs this machine can't execute. Returns the emulators that have to be in the root of a step, by vertex;
 * whether they are there shows when the step runs. Errors with `UNSUPPORTED`, `ENTITLEMENT_MISSING`.
 */
export function checkRuns(
  vertices: readonly Vertex[],
  options: RunOptions,
  session: Pick<Session, 'location' | 'store'>,
): ReadonlyMap<string, Emulator> {
  const examine = examiner(session)
  const emulators = new Map<string, Emulator>()
  const errors: TsbuildError[] = []
  for (const vertex of vertices) {
    const { op } = vertex
    if (op.kind !== 'run') continue
    const problem = findProblem(op, options) ?? foreignPlatform(op.platform, examine)
    if (problem) {
      errors.push(problem.with({ location: vertex.span && session.location(vertex.span) }))
    } else {
      const found = examine(op.platform.architecture)
      if (found.kind === 'with-emulator') emulators.set(vertex.id, found.emulator)
    }
  }
  const [first, ...others] = errors
  if (!first) return emulators
  throw first.with({ others: others.slice(0, 2) })
}

function findProblem(op: RunOp, { allow = [] }: RunOptions): TsbuildError | undefined {
  if (op.devices) {
    const hint = 'leave --device out, or build this stage elsewhere and pass it with --build-context'
    return new TsbuildError('UNSUPPORTED', 'RUN --device is not supported', { hint })
  }
  if (op.security === 'insecure' && !allow.includes('security.insecure')) {
    return new TsbuildError('ENTITLEMENT_MISSING', 'RUN --security=insecure is not allowed', {
      hint: 'allow it with --allow security.insecure',
    })
  }
  return undefined
}
