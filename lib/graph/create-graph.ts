// Instructions → instruction graph. Nothing is read or written here but what the options inject.
import { TsbuildError } from '../errors.ts'
import type { Platform } from '../oci/types.ts'
import type { Dockerfile, Word } from '../parser/types.ts'
import { evaluateStage } from './evaluate-stage.ts'
import type { EvaluationScope, StageCommand } from './evaluation.ts'
import { createExpander } from './expand.ts'
import { globalArgs, platformArgs } from './global-args.ts'
import type { GraphOptions } from './graph-options.ts'
import { findSource, findTarget, type LinkedStage, linkStages } from './link-stages.ts'
import { at, nameKey, planStages, type StagePlan } from './plan-stages.ts'
import { emptyState, type StageState, stateFromImage, stateFromStage, takeScope } from './stage-state.ts'
import type { Graph, GraphStage, Vertex } from './types.ts'
import { createVertexBuilder, type VertexBuilder } from './vertex-builder.ts'

/**
 * Evaluates a Dockerfile for one target and platform. The Dockerfile must be free of errors (see failOnErrors).
 * Errors carry the place of the instruction: `TARGET_UNKNOWN`, `STAGE_UNKNOWN`, `STAGE_CYCLE`, `BASE_NAME_EMPTY`,
 * `PLATFORM_INVALID`, `VARIABLE_*`, `INSTRUCTION_ARGUMENTS`, and whatever `resolve` throws.
 */
export async function createGraph(dockerfile: Dockerfile, options: GraphOptions): Promise<Graph> {
  const { file } = dockerfile
  if (dockerfile.stages.length === 0) {
    throw new TsbuildError('DOCKERFILE_EMPTY', `${file.name} has no stage to build`, { hint: 'begin one with FROM' })
  }
  const expander = createExpander(file, dockerfile.escape)
  const buildArgs = options.buildArgs ?? {}
  const { buildPlatform } = options
  const platform = options.platform ?? buildPlatform
  const lastName = dockerfile.stages.at(-1)?.name ?? ''
  const defaults = platformArgs(platform, buildPlatform, buildArgs, options.target || lastName)
  const scope = globalArgs(defaults, dockerfile.globalArgs, buildArgs, expander)
  const stages = linkStages(dockerfile, scope, expander)
  const target = findTarget(stages, options.target)

  const plan = await planStages(dockerfile, stages, target, platform, options)
  const builder = createVertexBuilder()
  const states = new Map<number, StageState>()
  for (const index of plan.order) {
    const linked = at(stages, index)
    const commands = plan.commands.get(index) ?? []
    const stepName = stepNamer(linked, commands, plan)
    const state = startStage(linked, plan, states, builder, platform, stepName)
    const source = (name: Word): string => sourceVertex(name, linked, stages, states, plan, builder, platform)
    const evaluation: EvaluationScope = { buildArgs, globalArgs: scope, builder, source, stage: index, stepName }
    evaluateStage(state, commands, evaluation)
    states.set(index, state)
  }

  const results = plan.order.map((index) => stageResult(at(stages, index), at(states, index), plan))
  const wanted = results.find((stage) => stage.index === target)
  if (!wanted) throw new Error('bug: the target was not evaluated')
  const finished = finishTarget(wanted, options)
  return {
    dockerfile,
    platform,
    buildPlatform,
    globalArgs: scope,
    stages: results.map((stage) => (stage === wanted ? finished : stage)),
    target: finished,
    vertices: reachableVertices(builder, finished.result),
    diagnostics: [],
  }
}

type StepNamer = (text: string, onBuild: boolean) => string

/** Numbers the steps of a stage: `[name 2/5] `, the base image being the first. */
function stepNamer(linked: LinkedStage, commands: readonly StageCommand[], plan: StagePlan): StepNamer {
  const { base } = linked
  const fromImage = base.kind === 'name' && base.name !== 'scratch' && !plan.overrides.has(linked.stage.index)
  const steps = commands.filter(({ instruction }) => ['ADD', 'COPY', 'RUN', 'WORKDIR'].includes(instruction.kind))
  const total = steps.length + (fromImage ? 1 : 0)
  const prefix = linked.displayName === '' ? '' : `${linked.displayName} `
  let number = 0
  return (text, onBuild) => {
    number++
    const shown = String(number).padStart(String(total).length)
    return `[${prefix}${shown}/${total}] ${onBuild ? 'ONBUILD ' : ''}${text}`
  }
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
  const name = stepName(`FROM ${image.name}`, false)
  return stateFromImage(image, own, builder.image(image, name, stage.index, stage.from.span))
}

/** The vertex that a `--from` takes files from. */
function sourceVertex(
  name: Word,
  linked: LinkedStage,
  stages: readonly LinkedStage[],
  states: ReadonlyMap<number, StageState>,
  plan: StagePlan,
  builder: VertexBuilder,
  platform: Platform,
): string {
  const reference = findSource(stages, name.value)
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
    config: state.config,
    imagePlatform: state.imagePlatform,
    author: state.author,
    history: state.history,
    baseImage: state.baseImage,
  }
}

/** The target's image also carries `--label`s, and says the platform that was asked for. */
function finishTarget(stage: GraphStage, options: GraphOptions): GraphStage {
  const labels = options.labels ?? {}
  const config =
    Object.keys(labels).length === 0 ? stage.config : { ...stage.config, Labels: { ...stage.config.Labels, ...labels } }
  return { ...stage, config, imagePlatform: options.platform ?? stage.imagePlatform }
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
