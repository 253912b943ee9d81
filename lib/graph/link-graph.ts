import { TsbuildError } from '../base/errors.ts'
import type { Platform } from '../oci/types.ts'
import type { Dockerfile } from '../parser/types.ts'
import { createExpander, type Expander } from './evaluate/expand.ts'
import { defaultArgs, globalArgs } from './evaluate/global-args.ts'
import type { GraphObserver } from './evaluate/observer.ts'
import { findTarget } from './find-target.ts'
import type { EvaluationOptions, Observe } from './graph-options.ts'
import { linkStages, stageNames } from './link-stages.ts'
import type { LinkedStage } from './linked-stage.ts'

/** The parts of a graph that are known before any name is resolved. */
export interface LinkedGraph {
  readonly dockerfile: Dockerfile
  readonly options: EvaluationOptions
  readonly observer: GraphObserver | undefined
  readonly platform: Platform
  readonly expander: Expander
  readonly globalArgs: ReadonlyMap<string, string>
  readonly stages: readonly LinkedStage[]
  /** The stages' indexes by name; of several with the same name the last. */
  readonly stagesByName: ReadonlyMap<string, number>
  readonly target: number
}

/**
 * Expands every FROM and finds the target. Errors with `DOCKERFILE_EMPTY`, `BASE_NAME_EMPTY`,
 * `PLATFORM_INVALID`, `TARGET_UNKNOWN` and `VARIABLE_*`.
 */
export function linkGraph(
  dockerfile: Dockerfile,
  options: EvaluationOptions,
  observe: Observe | undefined,
): LinkedGraph {
  const { file } = dockerfile
  if (dockerfile.stages.length === 0) {
    throw new TsbuildError('DOCKERFILE_EMPTY', `${file.name} has no stage to build`, { hint: 'begin one with FROM' })
  }
  const expander = createExpander((span) => ({ file, span }), dockerfile.escape)
  const { buildArgs = {}, buildPlatform, platform = buildPlatform } = options
  const observer = observe?.(platform)
  const scope = globalArgs(defaultArgs(dockerfile, options), dockerfile.globalArgs, buildArgs, expander)
  const stages = linkStages({ dockerfile, globalArgs: scope, expander, observer })
  return {
    dockerfile,
    options,
    observer,
    platform,
    expander,
    globalArgs: scope,
    stages,
    stagesByName: stageNames(stages),
    target: findTarget(stages, options.target),
  }
}
