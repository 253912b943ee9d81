// The ways in which an OCI runtime may work here: with control groups, or without.

import { findProgram } from '../../base/find-program.ts'
import { type Attempt, attempt } from '../attempt.ts'
import type { Backend, ControlLimits, WorkerNamespaces } from '../types.ts'
import { createOciBackend, type OciProgram } from './oci-backend.ts'

/** A back-end to be tried, with what to ask of it. */
export interface Candidate {
  readonly backend: Backend
  readonly controlLimits: ControlLimits
}

/** Best first; or, where the program can't be started, how that failed. */
export async function ociCandidates(
  namespaces: WorkerNamespaces,
  program: OciProgram,
): Promise<readonly Candidate[] | Attempt> {
  // Debian has runc among the administrators' programs, which are not in everybody's PATH.
  const path = findProgram(program) ?? program
  const asked = await attempt([path, '--version'])
  if (!asked.ok) return asked
  const version = /version\s+(\d[\w.]*)/.exec(asked.output)?.[1] ?? 'of unknown version'
  const create = (cgroups: boolean): Backend => createOciBackend(namespaces, program, { path, version, cgroups })
  return [
    // A limit shows whether control groups are ours.
    { backend: create(true), controlLimits: { memory: 64 << 20 } },
    { backend: create(false), controlLimits: {} },
  ]
}
