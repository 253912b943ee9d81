import type { Diagnostic } from '../base/errors.ts'
import { formatPlatform, normalisePlatform } from '../oci/platform.ts'
import type { From } from '../parser/types.ts'
import type { StageState } from './evaluate/stage-state.ts'

/**
 * A warning for a stage whose base image is for another machine than the stage: an image without an index is
 * used as it is.
 */
export function foreignBase({ baseImage, platform, imagePlatform }: StageState, from: From): readonly Diagnostic[] {
  if (!baseImage) return []
  const [wanted, got] = [normalisePlatform(platform), normalisePlatform(imagePlatform)]
  if (wanted.os === got.os && wanted.architecture === got.architecture) return []
  const name = JSON.stringify(baseImage.name)
  return [
    {
      severity: 'warning',
      code: 'BASE_PLATFORM',
      message: `the base image ${name} is for ${formatPlatform(got)}, expected ${formatPlatform(wanted)}: it is used as it is`,
      span: from.span,
      hint: 'take an image that has the platform, or say with FROM --platform=... which one is meant',
    },
  ]
}
