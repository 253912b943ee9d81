import type { Graph, Vertex } from '../types.ts'

/**
 * The graph in the language of Graphviz, a cluster a stage; dashed arrows are files taken from elsewhere.
 *
 * @example
 * ```ts
 * import { graphToDot, planBuild } from '@tsbuild/tsbuild'
 *
 * const graph = await planBuild({ context: new Map([['Dockerfile', 'FROM scratch\nCOPY . /\n']]) })
 * console.log(graphToDot(graph).startsWith('digraph')) // true
 * ```
 */
export function graphToDot(graph: Graph): string {
  const numbers = new Map(graph.vertices.map((vertex, at) => [vertex.id, `v${at}`]))
  const node = (vertex: Vertex): string => {
    const target = vertex.id === graph.target.result ? ', penwidth=3' : ''
    return `${numbers.get(vertex.id)} [label=${quote(vertex.name)}${target}];`
  }
  const lines = ['digraph build {', '  node [shape=box, style=rounded, fontname="monospace"];']
  for (const vertex of graph.vertices) if (vertex.stage === undefined) lines.push(`  ${node(vertex)}`)
  for (const stage of graph.stages) {
    const own = graph.vertices.filter((vertex) => vertex.stage === stage.index)
    if (own.length === 0) continue
    lines.push(`  subgraph cluster_${stage.index} {`, `    label=${quote(stage.name ?? `stage ${stage.index}`)};`)
    for (const vertex of own) lines.push(`    ${node(vertex)}`)
    lines.push('  }')
  }
  for (const { id, inputs } of graph.vertices) {
    for (const [at, input] of inputs.entries()) {
      lines.push(`  ${numbers.get(input)} -> ${numbers.get(id)}${at === 0 ? '' : ' [style=dashed]'};`)
    }
  }
  return `${[...lines, '}'].join('\n')}\n`
}

/** Backslashes have a meaning in labels, besides the one in quotes. */
const quote = (text: string): string => `"${text.replace(/[\\"]/g, '\\$&').replace(/[\r\n]+/g, ' ')}"`
