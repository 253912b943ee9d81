import { graphToJson, graphToMermaid, planBuild } from '../../index.ts'
import { readBuildInput } from '../build-input.ts'
import type { Run } from '../command.ts'
import { exitCodes } from '../exit-codes.ts'

export const run: Run = async (args, terminal) => {
  const graph = await planBuild(await readBuildInput(args, terminal))
  if (args.value('format') === 'mermaid') {
    terminal.out.write(`${graphToMermaid(graph).trimEnd()}\n`)
  } else {
    terminal.out.write(`${JSON.stringify(graphToJson(graph), undefined, 2)}\n`)
  }
  return exitCodes.ok
}
