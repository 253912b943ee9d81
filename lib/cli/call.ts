// `--call`: what a build tells of itself instead of being carried out.
import {
  type BuildOptions,
  formatOutline,
  formatTargets,
  outline,
  outlineToJson,
  planBuild,
  readDockerfile,
  targetsToJson,
} from '../index.ts'
import { exitCodes } from './exit-codes.ts'
import type { Terminal } from './terminal.ts'
import { printable } from './text-width.ts'
import { UsageError } from './usage-error.ts'

const methods = ['build', 'check', 'outline', 'targets'] as const

export interface Call {
  readonly method: (typeof methods)[number]
  readonly format: 'text' | 'json'
}

/** Reads `METHOD[,format=text|json]`. Throws a {@link UsageError}. */
export function readCall(value: string): Call {
  const [name = '', ...fields] = value.split(',')
  const method = methods.find((candidate) => candidate === name)
  if (!method) {
    throw new UsageError('OPTION_INVALID', `--call can't be ${JSON.stringify(name)}: expected ${methods.join(', ')}`, {
      unknown: { word: name, candidates: methods, prefix: '' },
    })
  }
  let format: Call['format'] = 'text'
  for (const field of fields) {
    if (field !== 'format=text' && field !== 'format=json') {
      throw new UsageError('OPTION_INVALID', `--call can't take ${JSON.stringify(field)}`, {
        hint: 'add format=json for JSON',
      })
    }
    format = field === 'format=json' ? 'json' : 'text'
  }
  return { method, format }
}

/** Prints the stages that can be built. Looks at no base image. */
export async function showTargets(input: BuildOptions, format: Call['format'], terminal: Terminal): Promise<number> {
  const dockerfile = await readDockerfile(input)
  write(terminal, format === 'json' ? targetsToJson(dockerfile) : formatTargets(dockerfile))
  return exitCodes.ok
}

/** Prints what the target takes from outside. */
export async function showOutline(input: BuildOptions, format: Call['format'], terminal: Terminal): Promise<number> {
  const graph = await planBuild(input)
  const found = outline(graph, input.buildArgs)
  write(terminal, format === 'json' ? outlineToJson(found, graph.dockerfile) : formatOutline(found))
  return exitCodes.ok
}

function write({ out }: Terminal, content: unknown): void {
  const text = typeof content === 'string' ? content : `${JSON.stringify(content, undefined, 2)}\n`
  out.write(text.split('\n').map(printable).join('\n'))
}
