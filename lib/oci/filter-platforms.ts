import { TsbuildError } from '../base/errors.ts'
import { attestedDigest } from './attested-digest.ts'
import { formatPlatform, samePlatform } from './platform.ts'
import type { Descriptor, Platform } from './types.ts'

/**
 * The entries of an index for some platforms: the images, their attestations, and entries without a platform. Errors
 * with `PLATFORM_NOT_FOUND` for a platform that no entry has.
 */
export function filterPlatforms(
  manifests: readonly Descriptor[],
  platforms: readonly Platform[],
): readonly Descriptor[] {
  const images = manifests.filter((entry) => attestedDigest(entry) === undefined)
  for (const wanted of platforms) {
    if (images.some((entry) => isFor(entry, wanted))) continue
    const offered = [...new Set(images.flatMap(({ platform }) => (platform ? formatPlatform(platform) : [])))]
    throw new TsbuildError('PLATFORM_NOT_FOUND', `no image is for platform ${formatPlatform(wanted)}`, {
      hint: offered.length > 0 ? `there are ${offered.join(', ')}` : undefined,
    })
  }
  const kept = images.filter((entry) => !entry.platform || platforms.some((wanted) => isFor(entry, wanted)))
  const digests = new Set<string>(kept.map(({ digest }) => digest))
  return manifests.filter((entry) => digests.has(attestedDigest(entry) ?? entry.digest))
}

/** Whether an entry is for a platform. The version of the system counts if the wanted platform has one. */
export function isFor({ platform }: Descriptor, wanted: Platform): boolean {
  if (!platform || !samePlatform(platform, wanted)) return false
  return wanted['os.version'] === undefined || wanted['os.version'] === platform['os.version']
}
