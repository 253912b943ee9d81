import type { Span } from '../source.ts'
import type { Op, ResolvedImage, Vertex } from './types.ts'

/** Collects vertices; sources that several stages use exist once. */
export interface VertexBuilder {
  readonly vertices: ReadonlyMap<string, Vertex>
  scratch(): string
  context(name: string): string
  image(image: ResolvedImage, name: string, stage: number | undefined, span: Span | undefined): string
  step(op: Op, inputs: readonly string[], name: string, stage: number, span: Span): string
}

export function createVertexBuilder(): VertexBuilder {
  const vertices = new Map<string, Vertex>()
  const counts = new Map<number, number>()
  const add = (vertex: Vertex): string => {
    if (!vertices.has(vertex.id)) vertices.set(vertex.id, vertex)
    return vertex.id
  }
  const source = (id: string, op: Op, name: string, stage?: number, span?: Span): string =>
    add({ id, name, op, inputs: [], stage, span })
  return {
    vertices,
    scratch: () => source('scratch', { kind: 'scratch' }, 'scratch'),
    context: (name) =>
      source(
        `context:${name}`,
        { kind: 'context', name },
        name === 'context' ? '[internal] load build context' : `[context ${name}] load`,
      ),
    image: (image, name, stage, span) =>
      source(`image:${image.descriptor.digest}`, { kind: 'image', image }, name, stage, span),
    step: (op, inputs, name, stage, span) => {
      const n = (counts.get(stage) ?? 0) + 1
      counts.set(stage, n)
      return add({ id: `${stage}:${n}`, name, op, inputs, stage, span })
    },
  }
}
