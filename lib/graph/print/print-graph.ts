import { positionAt } from '../../base/source.ts'
import type { EvaluatedInstruction, Graph, GraphStage, Scope, Vertex } from '../types.ts'

export interface GraphToJsonOptions {
  /** Say with every instruction which environment, user and workdir it sees; default false, since that is much. */
  readonly scopes?: boolean
}

/**
 * The graph as plain data: stages with their instructions, and vertices with their inputs. Safe for JSON.stringify.
 *
 * @example
 * ```ts
 * import { graphToJson, planBuild } from '@tsbuild/tsbuild'
 *
 * const graph = await planBuild({ context: new Map([['Dockerfile', 'FROM scratch\nCOPY . /\n']]) })
 * console.log(JSON.stringify(graphToJson(graph)).startsWith('{')) // true
 * ```
 */
export function graphToJson(graph: Graph, options: GraphToJsonOptions = {}): unknown {
  const { text } = graph.dockerfile.file
  return {
    platform: graph.platform,
    target: graph.target.name ?? graph.target.index,
    args: Object.fromEntries(graph.globalArgs),
    stages: graph.stages.map((stage) => ({
      index: stage.index,
      name: stage.name,
      base: baseName(graph, stage),
      result: stage.result,
      instructions: stage.instructions.map((instruction) => instructionToJson(instruction, options)),
      ...(options.scopes && scopeToJson(stage.scope)),
    })),
    vertices: graph.vertices.map(({ id, name, op, inputs, stage, span }) => ({
      id,
      name,
      kind: op.kind,
      inputs,
      stage,
      line: span && positionAt(text, span.start).line,
    })),
  }
}

function instructionToJson(instruction: EvaluatedInstruction, options: GraphToJsonOptions): unknown {
  const { kind, line, text, words, onBuild, args, used, unset, vertex, scope } = instruction
  return {
    kind,
    line,
    text,
    words,
    ...(onBuild && { onBuild }),
    ...(args.length > 0 && { args }),
    ...(used.length > 0 && { used }),
    ...(unset.length > 0 && { unset }),
    ...(options.scopes && scopeToJson(scope)),
    vertex,
  }
}

const scopeToJson = ({ env, user, workdir }: Scope): object => ({ env: Object.fromEntries(env), user, workdir })

function baseName(graph: Graph, { base }: GraphStage): string {
  if (base.kind === 'scratch') return 'scratch'
  if (base.kind === 'image') return base.image.name
  return graph.stages.find((stage) => stage.index === base.index)?.name ?? String(base.index)
}

/**
 * The graph as a Mermaid flowchart, a box a stage.
 *
 * @example
 * ```ts
 * import { graphToMermaid, planBuild } from '@tsbuild/tsbuild'
 *
 * const graph = await planBuild({ context: new Map([['Dockerfile', 'FROM scratch\nCOPY . /\n']]) })
 * console.log(graphToMermaid(graph).split('\n')[0]) // flowchart TD
 * ```
 */
export function graphToMermaid(graph: Graph): string {
  const numbers = new Map(graph.vertices.map((vertex, at) => [vertex.id, `v${at}`]))
  const node = (vertex: Vertex): string => `${numbers.get(vertex.id)}["${label(vertex.name)}"]`
  const lines = ['flowchart TD']
  for (const vertex of graph.vertices) if (vertex.stage === undefined) lines.push(`  ${node(vertex)}`)
  for (const stage of graph.stages) {
    const own = graph.vertices.filter((vertex) => vertex.stage === stage.index)
    if (own.length === 0) continue
    lines.push(`  subgraph s${stage.index}["${label(stage.name ?? `stage ${stage.index}`)}"]`)
    for (const vertex of own) lines.push(`    ${node(vertex)}`)
    lines.push('  end')
  }
  for (const { id, inputs } of graph.vertices) {
    for (const [at, input] of inputs.entries())
      lines.push(`  ${numbers.get(input)} ${at === 0 ? '-->' : '-.->'} ${numbers.get(id)}`)
  }
  lines.push(`  style ${numbers.get(graph.target.result)} stroke-width:3px`)
  return `${lines.join('\n')}\n`
}

/** Text inside a Mermaid label: characters with a meaning there become entities. */
function label(text: string): string {
  return text
    .replace(/[^\p{L}\p{N} .,:/=_@+*()<>$-]/gu, (char) => `#${char.codePointAt(0)};`)
    .replace(/[<>]/g, (char) => (char === '<' ? '#lt;' : '#gt;'))
}
