// Instructions → instruction graph. Nothing is read or written here but what the options inject.
import { type Diagnostic, TsbuildError } from '../base/errors.ts'
import { formatPlatform, normalisePlatform } from '../oci/platform.ts'
import type { Platform } from '../oci/types.ts'
import type { Dockerfile, Word } from '../parser/types.ts'
import { foreignBase } from './check-base.ts'
import { evaluateStage } from './evaluate/evaluate-stage.ts'
import type { EvaluationScope, StageCommand } from './evaluate/evaluation.ts'
import { createExpander } from './evaluate/expand.ts'
import { globalArgs, platformArgs } from './evaluate/global-args.ts'
import { createStepNamer, type StepNamer } from './evaluate/name-steps.ts'
import { stageConfig, stageHistory } from './evaluate/stage-config.ts'
import { emptyState, type StageState, stateFromImage, stateFromStage, takeScope } from './evaluate/stage-state.ts'
import { createVertexBuilders, type VertexBuilder } from './evaluate/vertex-builder.ts'
import type { GraphOptions } from './graph-options.ts'
import { findSource, findTarget, type LinkedStage, linkStages, stageNames } from './link-stages.ts'
import { at, nameKey, planStages, type StagePlan } from './plan-stages.ts'
import type { Graph, GraphStage, Vertex } from './types.ts'

/**
 * Evaluates a Dockerfile for one target and platform. The Dockerfile must be free of errors (see failOnErrors).
 * Errors carry the place of the instruction: `TARGET_UNKNOWN`, `STAGE_UNKNOWN`, `STAGE_CYCLE`, `BASE_NAME_EMPTY`,
 * `PLATFORM_INVALID`, `VARIABLE_*`, `INSTRUCTION_ARGUMENTS`, and whatever `resolve` throws.
 */
export async function createGraph(dockerfile: Dockerfile, options: GraphOptions): Promise<Graph> {
  const outlined = outlineGraph(dockerfile, options)
  return evaluateGraph(await planned(outlined), createVertexBuilders()(''), false)
}

/**
 * The graphs for several platforms. What does the same to the same inputs is one vertex, with the id that the first graph has for it;
 * each graph is whole in itself. Names of steps say their platform. Errors as {@link createGraph} does.
 */
export async function createGraphs(
  dockerfile: Dockerfile,
  platforms: readonly Platform[],
  options: Omit<GraphOptions, 'platform'>,
): Promise<readonly Graph[]> {
  const outlined = platforms.map((platform) => outlineGraph(dockerfile, { ...options, platform }))
  const plans = await Promise.all(outlined.map(planned))
  const nextBuilder = createVertexBuilders()
  return plans.map((plan, at) =>
    evaluateGraph(plan, nextBuilder(at === 0 ? '' : `${formatPlatform(plan.platform)} `), true),
  )
}

/** What is known of a graph before names are resolved. */
interface OutlinedGraph {
  readonly dockerfile: Dockerfile
  readonly options: GraphOptions
  readonly platform: Platform
  readonly scope: ReadonlyMap<string, string>
  readonly stages: readonly LinkedStage[]
  readonly target: number
}

interface PlannedGraph extends OutlinedGraph {
  readonly plan: StagePlan
}

function outlineGraph(dockerfile: Dockerfile, options: GraphOptions): OutlinedGraph {
  const { file } = dockerfile
  if (dockerfile.stages.length === 0) {
    throw new TsbuildError('DOCKERFILE_EMPTY', `${file.name} has no stage to build`, { hint: 'begin one with FROM' })
  }
  const expander = createExpander(file, dockerfile.escape)
  const { buildPlatform, buildArgs = {} } = options
  const platform = options.platform ?? buildPlatform
  const lastName = dockerfile.stages.at(-1)?.name ?? ''
  const defaults = platformArgs(platform, buildPlatform, buildArgs, options.target || lastName)
  const scope = globalArgs(defaults, dockerfile.globalArgs, buildArgs, expander)
  const stages = linkStages(dockerfile, scope, expander)
  return { dockerfile, options, platform, scope, stages, target: findTarget(stages, options.target) }
}

async function planned(outlined: OutlinedGraph): Promise<PlannedGraph> {
  const { dockerfile, stages, target, platform, options } = outlined
  return { ...outlined, plan: await planStages(dockerfile, stages, target, platform, options) }
}

function evaluateGraph(planned: PlannedGraph, builder: VertexBuilder, labelled: boolean): Graph {
  const { dockerfile, options, platform, scope, stages, plan } = planned
  const stagesByName = stageNames(stages)
  const states = new Map<number, StageState>()
  const diagnostics: Diagnostic[] = []
  for (const index of plan.order) {
    const linked = at(stages, index)
    const commands = plan.commands.get(index) ?? []
    const stepName = stepNamer(linked, commands, plan, labelled ? stagePlatform(linked, states, platform) : undefined)
    const state = startStage(linked, plan, states, builder, platform, stepName)
    const source = (name: Word): string =>
      sourceVertex(name, linked, stages, stagesByName, states, plan, builder, platform)
    const evaluation: EvaluationScope = {
      buildArgs: options.buildArgs ?? {},
      globalArgs: scope,
      builder,
      source,
      stage: index,
      stepName,
    }
    evaluateStage(state, commands, evaluation)
    states.set(index, state)
    if (linked.base.kind === 'name') diagnostics.push(...foreignBase(state, linked.stage.from))
  }

  const results = plan.order.map((index) => stageResult(at(stages, index), at(states, index), plan))
  const wanted = results.find((stage) => stage.index === planned.target)
  if (!wanted) throw new Error('bug: the target was not evaluated')
  const finished = finishTarget(wanted, options)
  return {
    dockerfile,
    platform,
    buildPlatform: options.buildPlatform,
    globalArgs: scope,
    stages: results.map((stage) => (stage === wanted ? finished : stage)),
    target: finished,
    vertices: reachableVertices(builder, finished.result),
    diagnostics,
  }
}

/** Numbers the steps of a stage, the base image being the first. */
function stepNamer(
  linked: LinkedStage,
  commands: readonly StageCommand[],
  plan: StagePlan,
  platform: Platform | undefined,
): StepNamer {
  const { base } = linked
  const fromImage = base.kind === 'name' && base.name !== 'scratch' && !plan.overrides.has(linked.stage.index)
  const steps = commands.filter(({ instruction }) => ['ADD', 'COPY', 'RUN', 'WORKDIR'].includes(instruction.kind))
  return createStepNamer(linked.displayName, steps.length + (fromImage ? 1 : 0), platform)
}

/** The platform that a stage is for: its base's, or its own. */
function stagePlatform(
  { base, platform }: LinkedStage,
  states: ReadonlyMap<number, StageState>,
  target: Platform,
): Platform {
  if (base.kind === 'stage') return states.get(base.index)?.platform ?? target
  return base.name === 'scratch' ? target : (platform ?? target)
}

function startStage(
  linked: LinkedStage,
  plan: StagePlan,
  states: ReadonlyMap<number, StageState>,
  builder: VertexBuilder,
  platform: Platform,
  stepName: StepNamer,
): StageState {
  const { base, stage } = linked
  const override = plan.overrides.get(stage.index)
  if (!override && base.kind === 'stage') return stateFromStage(at(states, base.index))
  const own = linked.platform ?? platform
  const resolved = override ?? (base.kind === 'name' ? plan.names.get(nameKey(base.name, own)) : undefined)
  if (!resolved) throw new Error('bug: a base was not resolved')
  if (resolved.kind === 'scratch') return emptyState(platform, builder.scratch())
  if (resolved.kind === 'files') return emptyState(own, builder.context(resolved.context))
  const { image } = resolved
  const name = stepName(`FROM ${image.name}`, { onBuild: false })
  return stateFromImage(image, own, builder.image(image, name, stage.index, stage.from.span))
}

/** The vertex that a `--from` takes files from. */
function sourceVertex(
  name: Word,
  linked: LinkedStage,
  stages: readonly LinkedStage[],
  stagesByName: ReadonlyMap<string, number>,
  states: ReadonlyMap<number, StageState>,
  plan: StagePlan,
  builder: VertexBuilder,
  platform: Platform,
): string {
  const reference = findSource(stages, stagesByName, name.value)
  if (reference.kind === 'stage') {
    const state = states.get(reference.index)
    if (state) return state.filesystem
    throw new TsbuildError(
      'STAGE_UNKNOWN',
      `stage ${JSON.stringify(name.value)} is defined after the stage that takes files from it`,
      {
        hint: `move its FROM above "${linked.displayName || linked.stage.from.image.value}"`,
      },
    )
  }
  const resolved = plan.names.get(nameKey(reference.name, platform))
  if (!resolved) throw new Error('bug: a source was not resolved')
  if (resolved.kind === 'scratch') return builder.scratch()
  if (resolved.kind === 'files') return builder.context(resolved.context)
  return builder.image(resolved.image, `FROM ${resolved.image.name}`, undefined, undefined)
}

function stageResult(linked: LinkedStage, state: StageState, plan: StagePlan): GraphStage {
  const { base, stage } = linked
  const named = base.kind === 'name' ? state.baseImage : undefined
  // Of most stages no one asks for these.
  let config: GraphStage['config'] | undefined
  let history: GraphStage['history'] | undefined
  return {
    index: stage.index,
    name: stage.name,
    platform: state.platform,
    base:
      base.kind === 'stage' && !plan.overrides.has(stage.index)
        ? base
        : named
          ? { kind: 'image', image: named }
          : { kind: 'scratch' },
    instructions: state.instructions,
    scope: takeScope(state),
    result: state.filesystem,
    get config() {
      return (config ??= stageConfig(state))
    },
    imagePlatform: state.imagePlatform,
    author: state.author,
    get history() {
      return (history ??= stageHistory(state))
    },
    baseImage: state.baseImage,
  }
}

/** The target's image also carries `--label`s, and says the platform that was asked for. */
function finishTarget(stage: GraphStage, { labels = {}, platform }: GraphOptions): GraphStage {
  const config =
    Object.keys(labels).length === 0 ? stage.config : { ...stage.config, Labels: { ...stage.config.Labels, ...labels } }
  return { ...stage, config, imagePlatform: askedPlatform(platform, stage.imagePlatform) }
}

/** As BuildKit has it: what was not asked for in detail stays as the base says, where that is of the same architecture. */
function askedPlatform(asked: Platform | undefined, base: Platform): Platform {
  if (!asked) return base
  const isSame = asked.os === base.os && asked.architecture === base.architecture
  return normalisePlatform(isSame ? { ...base, ...asked } : asked)
}

/** What the result needs, inputs before users. */
function reachableVertices(builder: VertexBuilder, result: string): Vertex[] {
  const needed = new Set<string>()
  const work = [result]
  for (let id = work.pop(); id !== undefined; id = work.pop()) {
    if (needed.has(id)) continue
    needed.add(id)
    work.push(...(builder.vertices.get(id)?.inputs ?? []))
  }
  // The builder's order is already topological: a vertex is added after its inputs.
  return [...builder.vertices.values()].filter((vertex) => needed.has(vertex.id))
}
