import type { BuildOptions } from './build-options.ts'
import { TsbuildError } from './errors.ts'
import { defaultPlatform, formatPlatform, isArchitecture, normalisePlatform, parsePlatform } from './oci/platform.ts'
import type { Platform } from './oci/types.ts'

/** Far more than there are. */
const MANY = 100

/**
 * The platforms that a build is asked for, normalised, each once, in their order; none if it is left open. Errors with
 * `PLATFORM_INVALID`, and with `OPTION_INVALID` for too many.
 */
export function targetPlatforms({ platforms = [] }: Pick<BuildOptions, 'platforms'>): readonly Platform[] {
  if (platforms.length > MANY) {
    throw new TsbuildError('OPTION_INVALID', `a build is for ${MANY} platforms at most, not for ${platforms.length}`)
  }
  const parsed = platforms.map((text) => (/^local$/i.test(text) ? defaultPlatform() : targetPlatform(text)))
  return [...new Map(parsed.map((platform) => [platformKey(platform), platform])).values()]
}

function targetPlatform(text: string): Platform {
  const platform = normalisePlatform(parsePlatform(text))
  // As containerd reads it, `arm/v7` is for a system called arm.
  if (!isArchitecture(platform.os)) return platform
  throw new TsbuildError(
    'PLATFORM_INVALID',
    `invalid platform ${JSON.stringify(text)}: there is no system ${platform.os}`,
    {
      hint: `did you mean ${JSON.stringify(`linux/${text}`)}?`,
    },
  )
}

const platformKey = (platform: Platform): string =>
  JSON.stringify([formatPlatform(platform), platform['os.version'], platform['os.features']])
