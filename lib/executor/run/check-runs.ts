// What can be said of RUN steps before anything is built.
import { readFileSync } from 'node:fs'
import type { RunOptions } from '../../build-options.ts'
import { TsbuildError } from '../../errors.ts'
import type { Graph, RunOp, Vertex } from '../../graph/types.ts'
import { defaultPlatform } from '../../oci/platform.ts'
import type { Platform } from '../../oci/types.ts'
import type { Session } from '../session.ts'

/**
 * Refuses what can't be done: devices, rights that were not granted, programs of an architecture that this machine can't execute.
 * Errors with `UNSUPPORTED`, `ENTITLEMENT_MISSING`.
 */
export function checkRuns(
  graphs: readonly Graph[],
  options: RunOptions,
  { location }: Pick<Session, 'location'>,
): void {
  const errors: TsbuildError[] = []
  const checked = new Set<string>()
  for (const [vertex, graph] of graphs.flatMap((graph) => graph.vertices.map((vertex) => [vertex, graph] as const))) {
    if (vertex.op.kind !== 'run' || checked.has(vertex.id)) continue
    checked.add(vertex.id)
    const problem = findProblem(vertex, vertex.op, graph, options)
    if (!problem) continue
    const { code, message, hint } = problem
    errors.push(new TsbuildError(code, message, { hint, location: vertex.span && location(vertex.span) }))
  }
  const [first, ...others] = errors
  if (!first) return
  const { code, message, hint, location: place } = first
  throw new TsbuildError(code, message, { hint, location: place, others: others.slice(0, 2) })
}

function findProblem(vertex: Vertex, op: RunOp, graph: Graph, { allow = [] }: RunOptions): TsbuildError | undefined {
  if (op.devices) {
    const hint = 'leave --device out, or build this stage elsewhere and pass it with --build-context'
    return new TsbuildError('UNSUPPORTED', 'RUN --device is not supported', { hint })
  }
  if (op.security === 'insecure' && !allow.includes('security.insecure')) {
    return new TsbuildError('ENTITLEMENT_MISSING', 'RUN --security=insecure is not allowed', {
      hint: 'allow it with --allow security.insecure',
    })
  }
  const platform = graph.stages.find(({ index }) => index === vertex.stage)?.basePlatform
  return platform && foreignPlatform(platform)
}

// The names that qemu-user's packages register their interpreters under.
const EMULATORS: Readonly<Record<string, string>> = {
  amd64: 'x86_64',
  arm64: 'aarch64',
  '386': 'i386',
  ppc64le: 'ppc64le',
  s390x: 's390x',
  riscv64: 'riscv64',
  arm: 'arm',
  mips64le: 'mips64el',
  loong64: 'loongarch64',
}

/** Architectures whose programs run on another one without help. */
const NATIVE: Readonly<Record<string, readonly string[]>> = { amd64: ['386'], arm64: ['arm'] }

function foreignPlatform({ os, architecture }: Platform): TsbuildError | undefined {
  const here = defaultPlatform().architecture
  if (os !== 'linux') {
    return new TsbuildError('UNSUPPORTED', `RUN is for linux images, this stage is for ${os}`, {
      hint: 'leave RUN out of that stage: everything else works',
    })
  }
  if (architecture === here || NATIVE[here]?.includes(architecture)) return undefined
  const emulator = EMULATORS[architecture]
  if (emulator !== undefined && hasEmulator(`qemu-${emulator}`)) return undefined
  return new TsbuildError('UNSUPPORTED', `RUN for ${architecture} is not possible on this machine, which is ${here}`, {
    hint:
      'register an emulator (on Debian: apt install qemu-user-static), or run the commands in a stage that is ' +
      'FROM --platform=$BUILDPLATFORM and copy their results',
  })
}

/** See the kernel's Documentation/admin-guide/binfmt-misc.rst. */
function hasEmulator(name: string): boolean {
  try {
    return readFileSync(`/proc/sys/fs/binfmt_misc/${name}`, 'utf8').startsWith('enabled')
  } catch (error) {
    if (error instanceof Error && 'code' in error) return false
    throw error
  }
}
