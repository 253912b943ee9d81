// A graph as boxes and arrows between them, before anything has a place.
import type { Graph, GraphStage } from '../types.ts'

export interface BoxRow {
  readonly keyword: string
  readonly text: string
  readonly title: string
  /** Whether it changes files, and not the config alone. */
  readonly changesFiles: boolean
}

export interface StageBox {
  readonly title: string
  /** The base of the stage: an image, or another stage. */
  readonly base: string
  readonly isTarget: boolean
  readonly rows: readonly BoxRow[]
}

/**
 * From the end of one box to a row of another; row -1 is the head: the stage stands on it. Boxes are numbers
 * into the list.
 */
export interface BoxEdge {
  readonly from: number
  readonly to: number
  readonly row: number
}

export interface BoxDrawing {
  readonly boxes: readonly StageBox[]
  readonly edges: readonly BoxEdge[]
}

export function stageBoxes(graph: Graph): BoxDrawing {
  const { stages } = graph
  const names = new Map(stages.map((stage) => [stage.index, stage.name ?? `stage ${stage.index}`]))
  const boxes = stages.map((stage) => ({
    title: names.get(stage.index) ?? '',
    base: baseText(stage, names),
    isTarget: stage === graph.target,
    rows: stage.instructions.map(({ kind, text, line, vertex, onBuild }) => ({
      keyword: onBuild ? `ONBUILD ${kind}` : kind,
      text: text.replace(/^\s*\S+\s*/, ''),
      title: `line ${line}: ${text}`,
      changesFiles: vertex !== undefined,
    })),
  }))
  return { boxes, edges: stages.flatMap((stage, at) => edgesTo(stage, at, graph)) }
}

function baseText({ base }: GraphStage, names: ReadonlyMap<number, string>): string {
  if (base.kind === 'scratch') return 'scratch'
  return base.kind === 'image' ? base.image.name : (names.get(base.index) ?? '')
}

function edgesTo(stage: GraphStage, to: number, { stages, vertices }: Graph): BoxEdge[] {
  const edges: BoxEdge[] = []
  const add = (from: number, row: number): void => {
    if (from !== -1 && !edges.some((edge) => edge.from === from && edge.row === row)) edges.push({ from, to, row })
  }
  const { base } = stage
  if (base.kind === 'stage') {
    add(
      stages.findIndex((other) => other.index === base.index),
      -1,
    )
  }
  const inputs = new Map(vertices.map((vertex) => [vertex.id, vertex.inputs.slice(1)]))
  for (const [row, { vertex }] of stage.instructions.entries()) {
    const sources = vertex === undefined ? [] : (inputs.get(vertex) ?? [])
    // A stage that changes nothing has the result of the one below it: the later one is the one that was named.
    for (const id of sources)
      add(
        stages.slice(0, to).findLastIndex(({ result }) => result === id),
        row,
      )
  }
  return edges
}
