// Checks all RUN steps before anything is built.

import { TsbuildError } from '../../base/errors.ts'
import type { RunOp, Vertex } from '../../graph/types.ts'
import { defaultPlatform, formatPlatform } from '../../oci/platform.ts'
import type { Platform } from '../../oci/types.ts'
import { type Emulator, readEmulators } from '../../sandbox/emulation/binfmt-emulators.ts'
import { type ArchitectureSupport, tryArchitecture } from '../../sandbox/emulation/try-architecture.ts'
import type { RunOptions } from '../run-options.ts'
import type { Session } from '../session.ts'

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

/** Whether programs of an architecture run here. Each architecture is tried once. */
type Examine = (architecture: string) => ArchitectureSupport

function foreignPlatform(platform: Platform, examine: Examine): TsbuildError | undefined {
  const { os, architecture } = platform
  if (os !== 'linux') {
    return new TsbuildError('UNSUPPORTED', `RUN is for linux images, this stage is for ${os}`, {
      hint: 'leave RUN out of that stage: everything else works',
    })
  }
  const found = examine(architecture)
  if (found.kind !== 'fail') return undefined
  const here = formatPlatform(defaultPlatform())
  const message = `this RUN is for ${formatPlatform(platform)}, whose programs can't be run on this machine, ${here}: ${found.reason}`
  return new TsbuildError('UNSUPPORTED', message, {
    hint:
      `register an emulator: "docker run --privileged --rm tonistiigi/binfmt --install ${architecture}", or on Debian ` +
      '"apt install qemu-user-static"; or run the command in a stage that is FROM --platform=$BUILDPLATFORM, compile for ' +
      '$TARGETARCH there, and copy the result',
  })
}

function examiner({ store }: Pick<Session, 'store'>): Examine {
  const known = new Map<string, ArchitectureSupport>()
  let emulators: readonly Emulator[] | undefined
  return (architecture) => {
    if (architecture === defaultPlatform().architecture) return { kind: 'run' }
    emulators ??= readEmulators()
    const found = known.get(architecture) ?? tryArchitecture(architecture, { temporary: store.temporary(), emulators })
    known.set(architecture, found)
    return found
  }
}
