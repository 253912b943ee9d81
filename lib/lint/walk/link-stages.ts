import type { Stage, Word } from '../../parser/types.ts'
import { withComments } from '../check-options.ts'
import type { LintPlatform } from '../lint-platform.ts'
import { siteOf } from '../site.ts'
import { declaredNames } from './global-scope.ts'
import { commentTexts } from './instruction-text.ts'
import { platformText, readPlatform } from './platform-text.ts'
import { expand, failure, type Variables, type Walk } from './walk.ts'

export interface LinkedStage {
  readonly stage: Stage
  /** The stage it stands on, when the base is one. */
  readonly base: number | undefined
  readonly baseName: string
  readonly platform: LintPlatform | undefined
}

/** Expands every FROM. Errors with `BASE_NAME_EMPTY`, `PLATFORM_INVALID`, and those of expansion. */
export function linkStages(walk: Walk, scope: Variables): LinkedStage[] {
  const byName = new Map<string, number>()
  const declared = declaredNames(walk, scope)
  return walk.dockerfile.stages.map((stage) => {
    const { from } = stage
    const site = siteOf(from, withComments(walk.check, commentTexts(from, walk.dockerfile.file.text)))
    const { value: baseName, unset } = expand(walk, from.image, scope)
    walk.emit('fromVariables', { word: from.image, unset: [...unset], declared }, site)
    if (baseName === '') {
      const message = `the base name ${JSON.stringify(from.image.value)} is empty after expansion`
      throw failure(walk.dockerfile, 'BASE_NAME_EMPTY', message, from.image.span)
    }
    const platform = from.platform && stagePlatform(walk, stage, from.platform, scope, declared)
    const base = byName.get(baseName)
    if (stage.name !== undefined) byName.set(stage.name, stage.index)
    return { stage, base, baseName, platform }
  })
}

function stagePlatform(
  walk: Walk,
  { from }: Stage,
  word: Word,
  scope: Variables,
  declared: readonly string[],
): LintPlatform {
  const { dockerfile, emit, targetPlatform } = walk
  const site = siteOf(from, withComments(walk.check, commentTexts(from, dockerfile.file.text)))
  const { value, used, unset } = expand(walk, word, scope)
  emit('fromVariables', { word, unset: [...unset], declared }, site)
  const wanted = scope.get('TARGETPLATFORM') ?? platformText(targetPlatform)
  emit('platform', { from, word, value, used: [...used], unset: [...unset], targetPlatform: wanted }, site)
  const platform = readPlatform(value, targetPlatform)
  if (platform) return platform
  const problem = value === '' ? 'is empty after expansion' : `becomes ${JSON.stringify(value)}, which is none`
  const message = `the platform ${JSON.stringify(word.value)} ${problem}`
  throw failure(dockerfile, 'PLATFORM_INVALID', message, word.span)
}
