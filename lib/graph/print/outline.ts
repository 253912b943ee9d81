// The inputs of a target from outside: build args, secrets, SSH agents.

import { positionAt } from '../../base/source.ts'
import { docComment, expandWord } from '../../parser/index.ts'
import type { Arg } from '../../parser/types.ts'
import type { Graph, GraphStage, RunOp } from '../types.ts'

interface Lines {
  /** Where it is declared; lines count from 1. */
  readonly startLine: number
  readonly endLine: number
}

export interface OutlineArg extends Lines {
  readonly name: string
  /** In this build; empty when there is neither a default nor a given value. */
  readonly value: string
  /** The comment above its ARG that begins with its name, without the name. */
  readonly description: string | undefined
}

/** A secret or SSH agent that a RUN mounts. */
export interface OutlineMount extends Lines {
  readonly name: string
  readonly required: boolean
}

export interface Outline {
  readonly name: string | undefined
  readonly description: string | undefined
  readonly args: readonly OutlineArg[]
  readonly secrets: readonly OutlineMount[]
  readonly ssh: readonly OutlineMount[]
}

/**
 * The parameters of a graph's target, those of the stages that it needs included, in the order of their lines:
 * build args that an ARG of those stages declares, or that their FROMs refer to. `buildArgs` are the ones that
 * the graph was made with.
 *
 * @example
 * ```ts
 * import { outline, planBuild } from '@tsbuild/tsbuild'
 *
 * const context = new Map([['Dockerfile', 'FROM scratch\n# V is the version\nARG V=1\n']])
 * const [arg] = outline(await planBuild({ context })).args
 * console.log(arg?.name, arg?.value, arg?.description) // V 1 is the version
 * ```
 */
export function outline(graph: Graph, buildArgs: Readonly<Record<string, string>> = {}): Outline {
  const { target, dockerfile } = graph
  const from = dockerfile.stages[target.index]?.from
  const stages = [target, ...graph.stages.filter((stage) => stage !== target)]
  const mounts = (type: 'secret' | 'ssh'): OutlineMount[] =>
    byLine(stages.flatMap((stage) => mountsOf(graph, stage, type)))
  return {
    name: target.name,
    description: target.name === undefined || !from ? undefined : docComment(from.comments, target.name),
    args: byLine(outlineArgs(graph, stages, buildArgs)),
    secrets: mounts('secret'),
    ssh: mounts('ssh'),
  }
}

function outlineArgs(
  graph: Graph,
  stages: readonly GraphStage[],
  given: Readonly<Record<string, string>>,
): OutlineArg[] {
  const { dockerfile, globalArgs } = graph
  const own: OutlineArg[] = []
  const fromGlobal = new Set<string>()
  for (const { index, instructions } of stages) {
    const stage = dockerfile.stages[index]
    for (const word of [stage?.from.image, stage?.from.platform]) {
      if (word) for (const name of variablesIn(graph, word.value)) fromGlobal.add(name)
    }
    const values = new Map(instructions.flatMap(({ args }) => args.map(({ name, value }) => [name, value ?? ''])))
    const declared = stage?.instructions.filter((instruction) => instruction.kind === 'ARG') ?? []
    for (const instruction of declared) {
      for (const { name, defaultValue } of instruction.args) {
        const inherits = !defaultValue && given[name.value] === undefined && globalArgs.has(name.value)
        if (inherits) fromGlobal.add(name.value)
        else own.push(outlineArg(instruction, name.value, values.get(name.value) ?? ''))
      }
    }
  }
  const definitions = new Map<string, Arg>()
  for (const arg of dockerfile.globalArgs) for (const { name } of arg.args) definitions.set(name.value, arg)
  const needed = withDependencies(graph, fromGlobal, definitions, given)
  const inherited = [...needed].flatMap((name) => {
    const definition = definitions.get(name)
    return definition ? outlineArg(definition, name, globalArgs.get(name) ?? '') : []
  })
  return [...own, ...inherited]
}

const outlineArg = ({ comments, startLine, endLine }: Arg, name: string, value: string): OutlineArg => ({
  name,
  value,
  description: docComment(comments, name),
  startLine,
  endLine,
})

function variablesIn({ dockerfile, globalArgs }: Graph, text: string): readonly string[] {
  const expanded = expandWord(text, globalArgs, { escape: dockerfile.escape })
  return 'error' in expanded ? [] : [...expanded.used]
}

/** A default may refer to further ARGs. */
function withDependencies(
  graph: Graph,
  names: Iterable<string>,
  definitions: ReadonlyMap<string, Arg>,
  given: Readonly<Record<string, string>>,
): Set<string> {
  const needed = new Set(names)
  // A set also visits what is added while it is walked.
  for (const name of needed) {
    if (given[name] !== undefined) continue
    const declared = definitions.get(name)?.args.find((arg) => arg.name.value === name)
    if (declared?.defaultValue) for (const other of variablesIn(graph, declared.defaultValue.value)) needed.add(other)
  }
  return needed
}

function mountsOf(graph: Graph, stage: GraphStage, type: 'secret' | 'ssh'): OutlineMount[] {
  const { text } = graph.dockerfile.file
  return graph.vertices.flatMap(({ op, span, stage: owner }) => {
    if (op.kind !== 'run' || owner !== stage.index || !span) return []
    const [startLine, endLine] = [positionAt(text, span.start).line, positionAt(text, span.end).line]
    return op.mounts
      .filter((mount) => mount.type === type)
      .map((mount) => ({ name: mountName(mount), required: mount.required, startLine, endLine }))
  })
}

function mountName({ type, source, id, target }: RunOp['mounts'][number]): string {
  if (type === 'ssh') return id || 'default'
  return source || id || target.slice(target.lastIndexOf('/') + 1)
}

/** One of each name, the first, which is the target's own; then in order of lines. */
function byLine<T extends Lines & { readonly name: string }>(entries: readonly T[]): T[] {
  const unique = new Map<string, T>()
  for (const entry of entries) if (!unique.has(entry.name)) unique.set(entry.name, entry)
  return [...unique.values()].sort((a, b) => a.startLine - b.startLine)
}
