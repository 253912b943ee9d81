// Instructions → instruction graph. Nothing is read or written here but what the options inject.
import { TsbuildError, withLocation } from '../base/errors.ts'
import { suggest } from '../base/suggest.ts'
import { formatPlatform } from '../oci/platform.ts'
import type { Platform } from '../oci/types.ts'
import type { Dockerfile } from '../parser/types.ts'
import { createVertexBuilders } from './evaluate/vertex-builder.ts'
import { evaluateGraph, type PlannedGraph } from './evaluate-graph.ts'
import type { GraphOptions, ObservedGraphOptions } from './graph-options.ts'
import { type LinkedGraph, linkGraph } from './link-graph.ts'
import { type NameRequest, planStages } from './plan-stages.ts'
import type { ResolvedName } from './resolved-name.ts'
import type { Graph } from './types.ts'

/**
 * Evaluates a Dockerfile for one target and platform. The Dockerfile must be free of errors (see failOnErrors).
 * Errors carry the location of the instruction: `TARGET_UNKNOWN`, `STAGE_UNKNOWN`, `STAGE_CYCLE`,
 * `BASE_NAME_EMPTY`, `REFERENCE_INVALID`, `PLATFORM_INVALID`, `VARIABLE_*`, `INSTRUCTION_ARGUMENTS`,
 * `FLAG_INVALID`, `CHMOD_INVALID`, `MOUNT_INVALID`, `DIGEST_INVALID`, `ONBUILD_INVALID`, and whatever `resolve`
 * throws.
 *
 * @example
 * ```ts
 * import { createGraph, parse } from '@tsbuild/tsbuild'
 *
 * const platform = { os: 'linux', architecture: 'amd64' }
 * const graph = await createGraph(parse('FROM scratch\nARG V=1\nLABEL version=$V\nCOPY . /\n'), {
 *   buildPlatform: platform,
 *   buildArgs: { V: '2' },
 *   resolve: async (name) => {
 *     throw new Error(`nothing resolves ${name}`)
 *   },
 * })
 * console.log(graph.vertices.length) // 3
 * ```
 */
export async function createGraph(dockerfile: Dockerfile, options: GraphOptions): Promise<Graph> {
  return createObservedGraph(dockerfile, { ...options, observe: undefined })
}

/** {@link createGraph} with an observer. */
export async function createObservedGraph(dockerfile: Dockerfile, options: ObservedGraphOptions): Promise<Graph> {
  const planned = await planGraph(dockerfile, options)
  return evaluateGraph(planned, { builder: createVertexBuilders()(''), showPlatforms: false, labels: options.labels })
}

/**
 * The graphs for several platforms. Steps that do the same to the same inputs are one vertex, with the id that
 * the first graph has for it. Each graph is whole in itself. Names of steps say their platform. Errors as
 * {@link createGraph} does.
 */
export async function createGraphs(
  dockerfile: Dockerfile,
  platforms: readonly Platform[],
  options: Omit<ObservedGraphOptions, 'platform'>,
): Promise<readonly Graph[]> {
  const plans = await Promise.all(platforms.map((platform) => planGraph(dockerfile, { ...options, platform })))
  const nextBuilder = createVertexBuilders()
  return plans.map((planned, position) => {
    const builder = nextBuilder(position === 0 ? '' : `${formatPlatform(planned.platform)} `)
    return evaluateGraph(planned, { builder, showPlatforms: true, labels: options.labels })
  })
}

async function planGraph(dockerfile: Dockerfile, options: ObservedGraphOptions): Promise<PlannedGraph> {
  const linked = linkGraph(dockerfile, options, options.observe)
  const isNamedContext = (name: string, platform: Platform): boolean => options.override?.(name, platform) !== undefined
  const planning = planStages(linked, { allStages: false, override: options.override, isNamedContext })
  let step = planning.next()
  while (!step.done)
    step = planning.next(await Promise.all(step.value.map((request) => answer(request, linked, options))))
  return { ...linked, plan: step.value }
}

async function answer(request: NameRequest, { stages }: LinkedGraph, { resolve }: GraphOptions): Promise<ResolvedName> {
  const { name, platform, override, location } = request
  try {
    return await (override ? override() : resolve(name, platform))
  } catch (error) {
    throw withLocation(meansStage(error, name, stages), location)
  }
}

/** An error about an image whose name is nearly that of a stage, with a hint that names the stage. */
function meansStage(error: unknown, name: string, stages: LinkedGraph['stages']): unknown {
  if (!(error instanceof TsbuildError)) return error
  const near = suggest(
    name,
    stages.flatMap(({ stage }) => stage.name ?? []),
  )
  if (near === undefined) return error
  const hint = `did you mean the stage ${JSON.stringify(near)}?`
  return error.with({ hint: error.hint === undefined ? hint : `${hint} ${error.hint}` })
}
