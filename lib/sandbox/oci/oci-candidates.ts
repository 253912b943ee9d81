// The ways in which an OCI runtime may work: with control groups, or without.

import { findProgram } from '../../base/find-program.ts'
import { type Attempt, attempt } from '../attempt.ts'
import type { Backend, ControlLimits, WorkerNamespaces } from '../types.ts'
import { createOciBackend, type OciProgram } from './oci-backend.ts'

/** A back-end to be tried, with the limits to ask of it. */
export interface Candidate {
  readonly backend: Backend
  readonly controlLimits: ControlLimits
}

/** The candidates, best first; or the failed attempt to start the program. */
export async function ociCandidates(
  namespaces: WorkerNamespaces,
  program: OciProgram,
): Promise<readonly Candidate[] | Attempt> {
  // Debian has runc in /usr/sbin, which is not in everybody's PATH.
  const path = findProgram(program) ?? program
  const started = await attempt([path, '--version'])
  if (!started.ok) return started
  const version = /version\s+(\d[\w.]*)/.exec(started.output)?.[1] ?? 'of unknown version'
  const create = (cgroups: boolean): Backend => createOciBackend(namespaces, program, { path, version, cgroups })
  return [
    // A limit shows whether the builder may make control groups.
    { backend: create(true), controlLimits: { memory: 64 << 20 } },
    { backend: create(false), controlLimits: {} },
  ]
}
