// The image of the target: labels and the platform that the caller asks for.
import { normalisePlatform } from '../oci/platform.ts'
import type { Platform } from '../oci/types.ts'
import type { GraphStage } from './types.ts'

/** The target's image also carries `--label`s, and says the platform that was asked for. */
export function finishTarget(
  stage: GraphStage,
  labels: Readonly<Record<string, string>>,
  platform: Platform | undefined,
): GraphStage {
  const config =
    Object.keys(labels).length === 0 ? stage.config : { ...stage.config, Labels: { ...stage.config.Labels, ...labels } }
  return { ...stage, config, imagePlatform: askedPlatform(platform, stage.imagePlatform) }
}

/**
 * As in BuildKit, the base's platform supplies the details that were not asked for, if it has the same
 * architecture.
 */
function askedPlatform(asked: Platform | undefined, base: Platform): Platform {
  if (!asked) return base
  const isSame = asked.os === base.os && asked.architecture === base.architecture
  return normalisePlatform(isSame ? { ...base, ...asked } : asked)
}
