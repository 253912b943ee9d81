import { withLocation } from '../base/errors.ts'
import type { Dockerfile } from '../parser/types.ts'
import { createVertexBuilders } from './evaluate/vertex-builder.ts'
import { evaluateGraph } from './evaluate-graph.ts'
import type { CheckGraphOptions } from './graph-options.ts'
import { linkGraph } from './link-graph.ts'
import { type NameRequest, planStages } from './plan-stages.ts'
import type { SketchedImage } from './resolved-name.ts'
import type { Graph } from './types.ts'

/**
 * Evaluates a Dockerfile for its errors and for what an observer sees, without waiting for anything: bases may
 * be unknown. Errors are those of createGraph(). The graph can't be executed, since images that were only
 * sketched are empty in it.
 */
export function checkGraph(dockerfile: Dockerfile, options: CheckGraphOptions): Graph {
  const { allStages, isNamedContext } = options
  const linked = linkGraph(dockerfile, options, options.observe)
  const planning = planStages(linked, { allStages, isNamedContext, override: undefined })
  let step = planning.next()
  while (!step.done) step = planning.next(step.value.map((request) => sketch(request, options)))
  const builder = createVertexBuilders()('')
  return evaluateGraph({ ...linked, plan: step.value }, { builder, showPlatforms: false, labels: undefined })
}

function sketch({ name, platform, isBase, location }: NameRequest, { baseImage }: CheckGraphOptions): SketchedImage {
  // The config of an image that is only copied from changes nothing.
  if (!isBase) return { kind: 'sketch', name, platform: undefined, config: {} }
  try {
    return baseImage(name, platform)
  } catch (error) {
    throw withLocation(error, location)
  }
}
