import { type Graph, graphToDot, graphToJson, graphToMermaid, graphToSvg, planBuild } from '../../index.ts'
import { readBuildOptions } from '../arguments/read-build-options.ts'
import type { Run } from '../command-spec.ts'
import { EXIT_CODES } from '../exit-codes.ts'

const drawings: Readonly<Record<string, (graph: Graph) => string>> = {
  mermaid: graphToMermaid,
  dot: graphToDot,
  svg: graphToSvg,
}

export const run: Run = async (args, terminal) => {
  const graph = await planBuild(await readBuildOptions(args, terminal))
  const draw = drawings[args.value('format') ?? 'json']
  const json = (): string => JSON.stringify(graphToJson(graph, { scopes: args.on('scopes') }), undefined, 2)
  terminal.out.write(`${draw ? draw(graph).trimEnd() : json()}\n`)
  return EXIT_CODES.ok
}
