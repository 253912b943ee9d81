import { TsbuildError } from '../base/errors.ts'
import { defaultPlatform, formatPlatform, isArchitecture, normalisePlatform, parsePlatform } from '../oci/platform.ts'
import type { Platform } from '../oci/types.ts'
import type { BuildOptions } from './build-options.ts'
import { asksForIndex } from './buildkit-args.ts'

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

/** Whether the result is an index: of several platforms, or of one where a build arg asks for it. Errors with `OPTION_INVALID` where it must be none and can't. */
export function wantsIndex(options: Pick<BuildOptions, 'buildArgs'>, platforms: readonly Platform[]): boolean {
  const asked = asksForIndex(options)
  if (asked !== false || platforms.length < 2) return asked ?? platforms.length > 1
  throw new TsbuildError(
    'OPTION_INVALID',
    `the build arg BUILDKIT_MULTI_PLATFORM=false is for one platform, not for ${platforms.map(formatPlatform).join(', ')}`,
  )
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
