// Attestations in an index, which BuildKit marks with annotations.
import type { Descriptor } from './types.ts'

const REFERENCE_TYPE = 'vnd.docker.reference.type'
/** The annotation with the digest of the entry that an attestation is about. */
const REFERENCE_DIGEST = 'vnd.docker.reference.digest'

export function isAttestation({ annotations }: Descriptor): boolean {
  return annotations?.[REFERENCE_TYPE] !== undefined
}

/** The entry that an attestation is about, if it is one. */
export function attestedDigest(entry: Descriptor): string | undefined {
  return isAttestation(entry) ? entry.annotations?.[REFERENCE_DIGEST] : undefined
}
