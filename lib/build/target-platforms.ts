import { TsbuildError } from '../base/errors.ts'
import { defaultPlatform, formatPlatform, isArchitecture, normalisePlatform, parsePlatform } from '../oci/platform.ts'
import type { Platform } from '../oci/types.ts'
import type { BuildOptions } from './build-options.ts'
import { requestsIndex } from './buildkit-args.ts'

/** Far more platforms than exist. */
const MANY = 100

/**
 * The platforms of `--platform`, normalised, in their order without repetition; empty if the flag is not given.
 * Errors with `PLATFORM_INVALID`, and with `OPTION_INVALID` for too many.
 */
export function targetPlatforms({ platforms = [] }: Pick<BuildOptions, 'platforms'>): readonly Platform[] {
  if (platforms.length > MANY) {
    throw new TsbuildError('OPTION_INVALID', `a build can have at most ${MANY} platforms, not ${platforms.length}`)
  }
  const parsed = platforms.map((text) => (/^local$/i.test(text) ? defaultPlatform() : targetPlatform(text)))
  return [...new Map(parsed.map((platform) => [platformKey(platform), platform])).values()]
}

/**
 * Whether the result is an index: for several platforms, or for one if a build arg requests it. Errors with
 * `OPTION_INVALID` if the build arg forbids an index for several platforms.
 */
export function wantsIndex(options: Pick<BuildOptions, 'buildArgs'>, platforms: readonly Platform[]): boolean {
  const requested = requestsIndex(options)
  if (requested !== false || platforms.length < 2) return requested ?? platforms.length > 1
  throw new TsbuildError(
    'OPTION_INVALID',
    `the build arg BUILDKIT_MULTI_PLATFORM=false allows only one platform, not ${platforms.map(formatPlatform).join(', ')}`,
  )
}

function targetPlatform(text: string): Platform {
  const platform = normalisePlatform(parsePlatform(text))
  // Containerd's grammar reads `arm/v7` as an operating system named arm.
  if (!isArchitecture(platform.os)) return platform
  throw new TsbuildError(
    'PLATFORM_INVALID',
    `invalid platform ${JSON.stringify(text)}: there is no operating system ${platform.os}`,
    {
      hint: `did you mean ${JSON.stringify(`linux/${text}`)}?`,
    },
  )
}

const platformKey = (platform: Platform): string =>
  JSON.stringify([formatPlatform(platform), platform['os.version'], platform['os.features']])
