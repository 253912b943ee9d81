import type { Graph, Vertex } from './types.ts'

/** What the graphs of several platforms are together, for whoever carries them out. */
export interface JoinedGraphs {
  readonly graphs: readonly Graph[]
  /** Each once, inputs before users. */
  readonly vertices: readonly Vertex[]
  /** The vertices with the graphs' results, in their order. */
  readonly results: readonly string[]
  /** Whether they make an index, which one graph may, too. */
  readonly isIndex: boolean
}

/** Joins graphs that share vertices, as createGraphs() makes them. */
export function joinGraphs(graphs: readonly Graph[], isIndex: boolean): JoinedGraphs {
  const vertices = new Map<string, Vertex>()
  for (const graph of graphs) for (const vertex of graph.vertices) vertices.set(vertex.id, vertex)
  return { graphs, vertices: [...vertices.values()], results: graphs.map(({ target }) => target.result), isIndex }
}
