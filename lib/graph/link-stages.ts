// Which stage stands on which, before anything is evaluated.
import { TsbuildError, withLocation } from '../base/errors.ts'
import type { Location, Span } from '../base/source.ts'
import { parsePlatform } from '../oci/platform.ts'
import type { Platform } from '../oci/types.ts'
import type { Dockerfile, Instruction, Word } from '../parser/types.ts'
import type { Expander } from './evaluate/expand.ts'
import type { GraphObserver } from './evaluate/observer.ts'
import type { LinkedStage, StageReference } from './linked-stage.ts'

export interface LinkOptions {
  readonly dockerfile: Dockerfile
  readonly globalArgs: ReadonlyMap<string, string>
  readonly expander: Expander
  readonly observer: GraphObserver | undefined
}

/**
 * Expands every FROM and links it to the earlier stage of that name, if there is one. Errors with
 * `BASE_NAME_EMPTY`, `PLATFORM_INVALID` and `VARIABLE_*`.
 */
export function linkStages({ dockerfile, globalArgs, expander, observer }: LinkOptions): LinkedStage[] {
  const byName = new Map<string, number>()
  return dockerfile.stages.map((stage) => {
    const { from } = stage
    const expand = (word: Word): string => {
      const expansion = expander.word(word, globalArgs)
      observer?.fromWord({ from, word, expansion, globalArgs })
      return expansion.value
    }
    const at = (span: Span): Location => ({ file: dockerfile.file, span })
    const baseName = expand(from.image)
    if (baseName === '') {
      throw new TsbuildError(
        'BASE_NAME_EMPTY',
        `the base name ${JSON.stringify(from.image.value)} is empty after expansion`,
        {
          location: at(from.image.span),
          hint: 'give the ARG a default before the first FROM, or pass it with --build-arg',
        },
      )
    }
    const index = byName.get(baseName)
    if (stage.name !== undefined) byName.set(stage.name, stage.index)
    return {
      stage,
      baseName,
      base: index === undefined ? { kind: 'name', name: baseName } : { kind: 'stage', index },
      platform: from.platform && stagePlatform(from.platform, expand(from.platform), at(from.platform.span)),
      displayName: from.name?.value.toLowerCase() ?? (dockerfile.stages.length > 1 ? `stage-${stage.index}` : ''),
    }
  })
}

function stagePlatform(word: Word, value: string, location: Location): Platform {
  if (value === '') {
    throw new TsbuildError('PLATFORM_INVALID', `the platform ${JSON.stringify(word.value)} is empty after expansion`, {
      location,
    })
  }
  try {
    return parsePlatform(value)
  } catch (error) {
    throw withLocation(error, location)
  }
}

/** Stages by name, the last of several. */
export function stageNames(stages: readonly LinkedStage[]): ReadonlyMap<string, number> {
  return new Map(stages.flatMap(({ stage }, index) => (stage.name === undefined ? [] : [[stage.name, index] as const])))
}

/**
 * The target of a `--from`: a stage by name (see {@link stageNames}) or index, else an image or named context.
 * Errors with `STAGE_UNKNOWN` for an index that no stage has.
 */
export function findSource(
  stages: readonly LinkedStage[],
  names: ReadonlyMap<string, number>,
  name: string,
): StageReference {
  if (/^[+-]?[0-9]+$/.test(name)) {
    const index = Number(name)
    if (index >= 0 && index < stages.length) return { kind: 'stage', index }
    throw new TsbuildError('STAGE_UNKNOWN', `there is no stage ${name}`, {
      hint: `the stages have the numbers 0 to ${stages.length - 1}`,
    })
  }
  const index = names.get(name.toLowerCase())
  return index === undefined ? { kind: 'name', name } : { kind: 'stage', index }
}

/** The values of `--from` in an instruction. */
export function sourceNames(instruction: Instruction): Word[] {
  if (instruction.kind === 'COPY') return instruction.from ? [instruction.from] : []
  if (instruction.kind !== 'RUN') return []
  return instruction.mounts.flatMap((mount) => {
    const value = mount.options.find(({ key }) => key === 'from')?.value
    return value ? [{ value, span: mount.span }] : []
  })
}
