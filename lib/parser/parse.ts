import type { Diagnostic } from '../base/errors.ts'
import { readInstruction } from './instructions/read-instruction.ts'
import { readSyntax } from './syntax/read-syntax.ts'
import type { Report } from './syntax/syntax-node.ts'
import type { Arg, Dockerfile, From, Instruction, Stage } from './types.ts'

export interface ParseOptions {
  /** The name of the file in messages; default `Dockerfile`. */
  readonly name?: string
}

/**
 * Parses a Dockerfile. Never throws: all errors are in `diagnostics`, in source order, and the rest of the text
 * is parsed nevertheless. It accepts exactly the Dockerfiles that BuildKit's Dockerfile frontend 1.26 accepts;
 * for others it has errors.
 *
 * @example
 * ```ts
 * import { parse } from '@tsbuild/tsbuild/parser'
 *
 * const { instructions, diagnostics } = parse('FROM node:22 AS build\nRUN npm ci\n')
 * console.log(instructions.map(({ kind }) => kind).join(' '), diagnostics.length) // FROM RUN 0
 * ```
 */
export function parse(text: string, options: ParseOptions = {}): Dockerfile {
  const diagnostics: Diagnostic[] = []
  const reporter =
    (severity: Diagnostic['severity']): Report =>
    (code, message, span, hint) => {
      diagnostics.push({ severity, code, message, span, ...(hint !== undefined && { hint }) })
    }
  const report = reporter('error')
  const warn = reporter('warning')
  const { nodes, ...syntax } = readSyntax(text, report)
  const instructions: Instruction[] = []
  let isInStage = false
  for (const node of nodes) {
    const instruction = readInstruction(node, report, warn)
    if (instruction) instructions.push(instruction)
    isInStage ||= node.name === 'from'
    if (!isInStage && node.known && node.name !== 'arg') {
      isInStage = true
      const message = `${node.keyword.value.toUpperCase()} comes before the first FROM`
      report('DOCKERFILE_SYNTAX', message, node.keyword.span, 'only ARG may come before FROM')
    }
  }
  return {
    file: { name: options.name ?? 'Dockerfile', text },
    ...syntax,
    instructions,
    ...splitStages(instructions),
    diagnostics: diagnostics.sort((a, b) => a.span.start - b.span.start),
  }
}

/**
 * Groups instructions by FROM. Instructions before the first FROM, other than ARG, are left out: they were
 * reported.
 */
function splitStages(instructions: readonly Instruction[]): Pick<Dockerfile, 'globalArgs' | 'stages'> {
  const globalArgs: Arg[] = []
  const parts: { from: From; instructions: Exclude<Instruction, From>[] }[] = []
  for (const instruction of instructions) {
    const part = parts.at(-1)
    if (instruction.kind === 'FROM') parts.push({ from: instruction, instructions: [] })
    else if (part) part.instructions.push(instruction)
    else if (instruction.kind === 'ARG') globalArgs.push(instruction)
  }
  const stages = parts.map(({ from, instructions }, index): Stage => {
    const end = (instructions.at(-1) ?? from).span.end
    return { index, from, name: from.name?.value.toLowerCase(), instructions, span: { start: from.span.start, end } }
  })
  return { globalArgs, stages }
}
