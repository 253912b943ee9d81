// The tree that BuildKit's own parser produces, for comparisons and for tools that expect it.

import type { Diagnostic } from '../base/errors.ts'
import { readSyntax } from './syntax/read-syntax.ts'
import type { Command, SyntaxNode } from './syntax/syntax-node.ts'
import type { Comment, Dockerfile, EscapeCharacter, Flag } from './types.ts'

export interface BuildKitHeredoc {
  readonly name: string
  readonly fd: number
  readonly expand: boolean
  readonly chomp: boolean
  readonly content: string
}

/** An instruction as in BuildKit's `parser.Node`. A field that is absent here is empty there. */
export interface BuildKitNode {
  /** The keyword in lower case. */
  readonly instruction: string
  readonly value: string
  readonly flags?: readonly string[]
  /** For ENV and LABEL, triples of key, value and separator. For ONBUILD, the instruction in it. */
  readonly args: readonly (string | { readonly children: readonly BuildKitNode[] })[]
  readonly json?: true
  readonly heredocs?: readonly BuildKitHeredoc[]
  readonly startLine: number
  readonly endLine: number
  readonly original: string
  readonly prevComment?: readonly string[]
}

export interface BuildKitTree {
  readonly escape: EscapeCharacter
  readonly startLine: number
  readonly endLine: number
  readonly nodes: readonly BuildKitNode[]
  /**
   * Errors of BuildKit's parser, which returns no tree then. Errors of its later stage, which reads
   * instructions, are not here.
   */
  readonly errors: readonly Diagnostic[]
  /** Empty lines inside continuations. */
  readonly warnings: readonly { readonly short: string; readonly line: number }[]
}

/**
 * The tree of a Dockerfile.
 *
 * @example
 * ```ts
 * import { formatBuildKitTree, parse, toBuildKitTree } from '@tsbuild/tsbuild/parser'
 *
 * console.log(formatBuildKitTree(toBuildKitTree(parse('FROM scratch\n'))).trim()) // (from "scratch")
 * ```
 */
export function toBuildKitTree({ file }: Dockerfile): BuildKitTree {
  const errors: Diagnostic[] = []
  const { escape: escapeCharacter, nodes } = readSyntax(file.text, (code, message, span) => {
    errors.push({ severity: 'error', code, message, span })
  })
  return {
    escape: escapeCharacter,
    startLine: nodes[0]?.startLine ?? 0,
    endLine: nodes.at(-1)?.endLine ?? 0,
    nodes: nodes.map((node) => toNode(file.text, node)),
    errors,
    warnings: nodes
      .filter(({ emptyLines }) => emptyLines.length > 0)
      .map(({ original, commandEndLine }) => ({
        short: `Empty continuation line found in: ${original}`,
        line: commandEndLine,
      })),
  }
}

/**
 * The tree as BuildKit prints it: one S-expression a line.
 *
 * @example
 * ```ts
 * import { formatBuildKitTree, parse, toBuildKitTree } from '@tsbuild/tsbuild/parser'
 *
 * console.log(formatBuildKitTree(toBuildKitTree(parse('FROM scratch\nUSER 1000\n'))).trim().split('\n').length) // 2
 * ```
 */
export function formatBuildKitTree(tree: BuildKitTree): string {
  return tree.nodes.map((node) => `(${formatNode(node)})`).join('\n')
}

function toNode(text: string, node: SyntaxNode): BuildKitNode {
  const { heredocs, startLine, endLine, comments } = node
  return {
    ...toCommand(node),
    startLine,
    endLine,
    ...(heredocs.length > 0 && {
      heredocs: heredocs.map(({ name, fileDescriptor: fd, expand, chomp, content }) => ({
        name,
        fd,
        expand,
        chomp,
        content,
      })),
    }),
    ...(comments.length > 0 && { prevComment: comments.map((comment) => commentText(text, comment)) }),
  }
}

function toCommand(command: Command): BuildKitNode {
  const { name, keyword, flags, original, json } = command
  return {
    instruction: name,
    value: keyword.value,
    ...(flags.length > 0 && { flags: flags.map(flagText) }),
    args: toArgs(command),
    ...(json && { json }),
    startLine: 0,
    endLine: 0,
    original,
  }
}

function toArgs({ known, args, pairs, trigger }: Command): BuildKitNode['args'] {
  if (!known) return ['']
  if (trigger) return [{ children: [toCommand(trigger)] }]
  if (pairs.length > 0) {
    return pairs.flatMap(({ key, value, separator }) => [key.value, value.value, separator === '=' ? '=' : ''])
  }
  return args.map(({ value }) => value)
}

const flagText = ({ name, value }: Flag): string => (value === undefined ? `--${name}` : `--${name}=${value}`)

/** BuildKit removes the first character of the line, even if that is not the `#`. */
function commentText(text: string, { span }: Comment): string {
  const before = text.charAt(span.start - 1)
  const isIndented = before !== '' && before !== '\n' && before !== '\uFEFF'
  return isIndented ? text.slice(span.start, span.end) : text.slice(span.start + 1, span.end).trim()
}

function formatNode({ instruction, flags, args }: BuildKitNode): string {
  const words = [instruction]
  if (flags) words.push(`[${flags.map(quote).join(' ')}]`)
  for (const arg of args) {
    words.push(typeof arg === 'string' ? quote(arg) : arg.children.map((child) => `(${formatNode(child)})`).join('\n'))
  }
  return words.join(' ').trim()
}

const shortEscapes: ReadonlyMap<string, string> = new Map(
  Object.entries({
    '\x07': 'a',
    '\b': 'b',
    '\f': 'f',
    '\n': 'n',
    '\r': 'r',
    '\t': 't',
    '\v': 'v',
    '\\': '\\',
    '"': '"',
  }),
)

/** Go's `strconv.Quote`. */
function quote(text: string): string {
  const escaped = text.replace(/["\\]|[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/gu, (character) => {
    const short = shortEscapes.get(character)
    if (short) return `\\${short}`
    const code = character.codePointAt(0) ?? 0
    if (code < 0x80) return `\\x${code.toString(16).padStart(2, '0')}`
    return code < 0x10000 ? `\\u${code.toString(16).padStart(4, '0')}` : `\\U${code.toString(16).padStart(8, '0')}`
  })
  return `"${escaped}"`
}
