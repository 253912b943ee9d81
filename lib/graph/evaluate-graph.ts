import { at } from '../base/element-at.ts'
import { type Diagnostic, TsbuildError } from '../base/errors.ts'
import type { Platform } from '../oci/types.ts'
import type { Word } from '../parser/types.ts'
import { foreignBase } from './check-base.ts'
import { evaluateStage } from './evaluate/evaluate-stage.ts'
import { createStepNamer, type StepNamer } from './evaluate/name-steps.ts'
import { stageConfig, stageHistory } from './evaluate/stage-config.ts'
import {
  emptyState,
  type StageState,
  stateFromImage,
  stateFromSketch,
  stateFromStage,
  takeScope,
} from './evaluate/stage-state.ts'
import type { VertexBuilder } from './evaluate/vertex-builder.ts'
import { finishTarget } from './finish-target.ts'
import type { LinkedGraph } from './link-graph.ts'
import { findSource } from './link-stages.ts'
import type { LinkedStage } from './linked-stage.ts'
import type { StagePlan } from './plan-stages.ts'
import { nameKey } from './resolved-name.ts'
import type { Graph, GraphStage, Vertex } from './types.ts'

export interface PlannedGraph extends LinkedGraph {
  readonly plan: StagePlan
}

export interface EvaluateGraphOptions {
  readonly builder: VertexBuilder
  /** Whether the names of steps say their platform. */
  readonly showPlatforms: boolean
  /** `--label`s, for the image of the target. */
  readonly labels: Readonly<Record<string, string>> | undefined
}

/** A graph in the making: the states of the stages that were evaluated, by index. */
interface Evaluation extends PlannedGraph {
  readonly builder: VertexBuilder
  readonly states: Map<number, StageState>
}

/** Evaluates the instructions of all stages of the plan. */
export function evaluateGraph(planned: PlannedGraph, { builder, showPlatforms, labels }: EvaluateGraphOptions): Graph {
  const { dockerfile, options, platform, globalArgs, stages, plan } = planned
  const evaluation: Evaluation = { ...planned, builder, states: new Map() }
  const { states } = evaluation
  const diagnostics: Diagnostic[] = []
  for (const index of plan.order) {
    const linked = at(stages, index)
    const stepName = stepNamer(linked, evaluation, showPlatforms)
    const state = startStage(linked, evaluation, stepName)
    const observer = planned.observer?.stage(linked, state)
    evaluateStage(state, at(plan.commands, index), {
      buildArgs: options.buildArgs ?? {},
      globalArgs,
      builder,
      source: (name) => sourceVertex(name, linked, evaluation),
      stage: index,
      stepName,
      observer,
    })
    observer?.end()
    states.set(index, state)
    if (linked.base.kind === 'name') diagnostics.push(...foreignBase(state, linked.stage.from))
  }

  const results = plan.order.map((index) => stageResult(at(stages, index), at(states, index), plan))
  const wanted = results.find((stage) => stage.index === planned.target)
  if (!wanted) throw new Error('bug: the target was not evaluated')
  const finished = finishTarget(wanted, labels ?? {}, options.platform)
  return {
    dockerfile,
    platform,
    buildPlatform: options.buildPlatform,
    globalArgs,
    stages: results.map((stage) => (stage === wanted ? finished : stage)),
    target: finished,
    vertices: reachableVertices(builder, finished.result),
    diagnostics,
  }
}

/** Numbers the steps of a stage, the base image being the first. */
function stepNamer(linked: LinkedStage, evaluation: Evaluation, showPlatforms: boolean): StepNamer {
  const { plan } = evaluation
  const { base, stage } = linked
  const fromImage = base.kind === 'name' && base.name !== 'scratch' && !plan.overrides.has(stage.index)
  const steps = at(plan.commands, stage.index).filter(({ instruction }) =>
    ['ADD', 'COPY', 'RUN', 'WORKDIR'].includes(instruction.kind),
  )
  const platform = showPlatforms ? stagePlatform(linked, evaluation) : undefined
  return createStepNamer(linked.displayName, steps.length + (fromImage ? 1 : 0), platform)
}

/** The platform that a stage is for: its base's, or its own. */
function stagePlatform({ base, platform }: LinkedStage, { states, platform: target }: Evaluation): Platform {
  if (base.kind === 'stage') return states.get(base.index)?.platform ?? target
  return base.name === 'scratch' ? target : (platform ?? target)
}

function startStage(linked: LinkedStage, evaluation: Evaluation, stepName: StepNamer): StageState {
  const { plan, states, builder, platform } = evaluation
  const { base, stage } = linked
  const override = plan.overrides.get(stage.index)
  if (!override && base.kind === 'stage') return stateFromStage(at(states, base.index))
  const own = linked.platform ?? platform
  const known = override ?? (base.kind === 'name' ? plan.names.get(nameKey(base.name, own)) : undefined)
  if (!known) throw new Error('bug: a base was not resolved')
  if (known.kind === 'scratch') return emptyState(platform, builder.scratch())
  if (known.kind === 'files') return emptyState(own, builder.context(known.context))
  if (known.kind === 'sketch') return stateFromSketch(known, own, builder.scratch())
  const { image } = known
  const name = stepName(`FROM ${image.name}`, { onBuild: false })
  return stateFromImage(image, own, builder.image(image, name, stage.index, stage.from.span))
}

/** The vertex that a `--from` takes files from. */
function sourceVertex(name: Word, { displayName, stage }: LinkedStage, evaluation: Evaluation): string {
  const { stages, stagesByName, states, plan, builder, platform } = evaluation
  const reference = findSource(stages, stagesByName, name.value)
  if (reference.kind === 'stage') {
    const state = states.get(reference.index)
    if (state) return state.filesystem
    throw new TsbuildError(
      'STAGE_UNKNOWN',
      `stage ${JSON.stringify(name.value)} is defined after the stage that takes files from it`,
      {
        hint: `move its FROM above "${displayName || stage.from.image.value}"`,
      },
    )
  }
  const known = plan.names.get(nameKey(reference.name, platform))
  if (!known) throw new Error('bug: a source was not resolved')
  if (known.kind === 'scratch' || known.kind === 'sketch') return builder.scratch()
  if (known.kind === 'files') return builder.context(known.context)
  return builder.image(known.image, `FROM ${known.image.name}`, undefined, undefined)
}

function stageResult(linked: LinkedStage, state: StageState, plan: StagePlan): GraphStage {
  const { base, stage } = linked
  const named = base.kind === 'name' ? state.baseImage : undefined
  // Made on demand: most stages are asked for neither.
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

/** The vertices that the result needs, inputs before users. */
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
