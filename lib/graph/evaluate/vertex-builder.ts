import type { Span } from '../../base/source.ts'
import type { Op, ResolvedImage, Vertex } from '../types.ts'
import { withoutSpans } from './without-spans.ts'

/** A vertex of a stage, before it has an id. */
export interface BuildStep {
  readonly op: Op
  readonly inputs: readonly string[]
  readonly name: string
  readonly stage: number
  readonly span: Span
}

/** Collects the vertices of one graph; sources that several stages use exist once. */
export interface VertexBuilder {
  /** The vertices of this graph and of all graphs before it, inputs before users. */
  readonly vertices: ReadonlyMap<string, Vertex>
  scratch(): string
  context(name: string): string
  image(image: ResolvedImage, name: string, stage: number | undefined, span: Span | undefined): string
  step(step: BuildStep): string
}

/**
 * Makes builders of graphs that share vertices: a step that does the same to the same inputs as one of an
 * earlier graph is that graph's vertex. `prefix` begins the ids of a graph's own steps.
 */
export function createVertexBuilders(): (prefix: string) => VertexBuilder {
  const vertices = new Map<string, Vertex>()
  const shared = new Map<string, string>()
  let own: Pick<Vertex, 'id' | 'op' | 'inputs'>[] = []
  return (prefix) => {
    // Done only for a second graph: most builds have one.
    for (const { id, op, inputs } of own) {
      const definition = definitionOf(op, inputs)
      if (!shared.has(definition)) shared.set(definition, id)
    }
    own = []
    const counts = new Map<number, number>()
    const add = (vertex: Vertex): string => {
      if (!vertices.has(vertex.id)) vertices.set(vertex.id, vertex)
      return vertex.id
    }
    const source = (vertex: Omit<Vertex, 'inputs' | 'stage' | 'span'>, stage?: number, span?: Span): string =>
      add({ ...vertex, inputs: [], stage, span })
    return {
      vertices,
      scratch: () => source({ id: 'scratch', op: { kind: 'scratch' }, name: 'scratch' }),
      context: (name) =>
        source({
          id: `context:${name}`,
          op: { kind: 'context', name },
          name: name === 'context' ? '[internal] load build context' : `[context ${name}] load`,
        }),
      image: (image, name, stage, span) =>
        source({ id: `image:${image.descriptor.digest}`, op: { kind: 'image', image }, name }, stage, span),
      step: ({ op, inputs, name, stage, span }) => {
        const n = (counts.get(stage) ?? 0) + 1
        counts.set(stage, n)
        const known = shared.size === 0 ? undefined : shared.get(definitionOf(op, inputs))
        if (known !== undefined) return known
        const id = `${prefix}${stage}:${n}`
        own.push({ id, op, inputs })
        return add({ id, name, op, inputs, stage, span })
      },
    }
  }
}

/** The parts of a step that decide its result. */
const definitionOf = (op: Op, inputs: readonly string[]): string => withoutSpans([op, inputs])
