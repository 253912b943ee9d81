// The methods of `--call`, which print information about a build instead of running it.
import { type BuildOptions, outline, planBuild, readDockerfile } from '../index.ts'
import { formatOutline, formatTargets, outlineToJson, targetsToJson } from '../internal/index.ts'
import type { CallFlag } from './arguments/parse-call.ts'
import { EXIT_CODES } from './exit-codes.ts'
import type { Terminal } from './terminal/terminal.ts'
import { printable } from './terminal/text-width.ts'

/** Prints the stages that can be built (`--call=targets`). Needs no base images. */
export async function showTargets(
  input: BuildOptions,
  format: CallFlag['format'],
  terminal: Terminal,
): Promise<number> {
  const dockerfile = await readDockerfile(input)
  write(terminal, format === 'json' ? targetsToJson(dockerfile) : formatTargets(dockerfile))
  return EXIT_CODES.ok
}

/** Prints the build args, secrets and ssh agents of the target (`--call=outline`). */
export async function showOutline(
  input: BuildOptions,
  format: CallFlag['format'],
  terminal: Terminal,
): Promise<number> {
  const graph = await planBuild(input)
  const found = outline(graph, input.buildArgs)
  write(terminal, format === 'json' ? outlineToJson(found, graph.dockerfile) : formatOutline(found))
  return EXIT_CODES.ok
}

function write({ out }: Terminal, content: unknown): void {
  const text = typeof content === 'string' ? content : `${JSON.stringify(content, undefined, 2)}\n`
  out.write(text.split('\n').map(printable).join('\n'))
}
