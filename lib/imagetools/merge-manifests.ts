// Merges images and indexes into the entries of one index.
import { attestedDigest, isAttestation } from '../oci/attested-digest.ts'
import { normalisePlatform, samePlatform } from '../oci/platform.ts'
import type { Descriptor, Digest, Platform } from '../oci/types.ts'

export interface MergedManifests {
  readonly manifests: readonly Descriptor[]
  /** The entries of earlier sources that an image of the same platform replaced. */
  readonly replaced: readonly ReplacedManifest[]
}

export interface ReplacedManifest {
  readonly platform: Platform
  readonly from: Digest
  readonly to: Digest
}

/**
 * The entries of the sources in their order, each digest once. An image replaces the images of earlier sources with
 * exactly its platform (system, architecture, variant, version, features), together with their attestations. Entries
 * of one source with the same platform all stay. If a digest occurs again, the platform and annotations of the last
 * occurrence count.
 */
export function mergeManifests(sources: readonly (readonly Descriptor[])[]): MergedManifests {
  let entries: Entry[] = []
  const replaced: ReplacedManifest[] = []
  for (const [source, manifests] of sources.entries()) {
    for (const descriptor of manifests) {
      const entry = { descriptor, source }
      const known = entries.findIndex((other) => other.descriptor.digest === descriptor.digest)
      const old = known === -1 ? entries.filter((other) => givesWay(other, entry)) : []
      if (known !== -1) entries[known] = { descriptor: combined(entries[known] ?? entry, descriptor), source }
      else if (old[0]) entries[entries.indexOf(old[0])] = entry
      else entries.push(entry)
      const gone = new Set<string>(old.map((other) => other.descriptor.digest))
      for (const other of old) {
        const { platform, digest } = other.descriptor
        if (platform) replaced.push({ platform, from: digest, to: descriptor.digest })
      }
      if (gone.size > 0) entries = entries.filter((other) => !isOrphan(other, gone))
    }
  }
  return { manifests: entries.map(({ descriptor }) => descriptor), replaced }
}

interface Entry {
  readonly descriptor: Descriptor
  readonly source: number
}

function givesWay(old: Entry, { descriptor, source }: Entry): boolean {
  return (
    old.source < source && isImage(old.descriptor) && isImage(descriptor) && sameExactly(old.descriptor, descriptor)
  )
}

const isImage = (entry: Descriptor): boolean => entry.artifactType === undefined && !isAttestation(entry)

function sameExactly({ platform: a }: Descriptor, { platform: b }: Descriptor): boolean {
  return a !== undefined && b !== undefined && samePlatform(a, b) && details(a) === details(b)
}

function details(platform: Platform): string {
  const { 'os.version': version = '', 'os.features': features = [] } = normalisePlatform(platform)
  return JSON.stringify([version, features])
}

function isOrphan({ descriptor }: Entry, gone: ReadonlySet<string>): boolean {
  return gone.has(descriptor.digest) || gone.has(attestedDigest(descriptor) ?? '')
}

function combined({ descriptor: old }: Entry, { platform, annotations }: Descriptor): Descriptor {
  const all = { ...old.annotations, ...annotations }
  return {
    ...old,
    ...(platform && { platform }),
    ...(Object.keys(all).length > 0 && { annotations: all }),
  }
}
