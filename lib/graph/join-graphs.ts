import type { Graph, Vertex } from './types.ts'

/** The graphs of several platforms as one, for the executor. */
export interface JoinedGraphs {
  readonly graphs: readonly Graph[]
  /** The vertices of all graphs, each once, inputs before users. */
  readonly vertices: readonly Vertex[]
  /** The vertices with the graphs' results, in their order. */
  readonly results: readonly string[]
  /** Whether the result is an index. A single graph can make one, too. */
  readonly isIndex: boolean
}

/** Joins graphs that share vertices, as createGraphs() makes them. */
export function joinGraphs(graphs: readonly Graph[], { isIndex }: Pick<JoinedGraphs, 'isIndex'>): JoinedGraphs {
  const vertices = new Map<string, Vertex>()
  for (const graph of graphs) for (const vertex of graph.vertices) vertices.set(vertex.id, vertex)
  return { graphs, vertices: [...vertices.values()], results: graphs.map(({ target }) => target.result), isIndex }
}
