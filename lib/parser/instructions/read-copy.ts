import { parseHeredocWord } from '../syntax/heredoc-delimiter.ts'
import type { Report } from '../syntax/syntax-node.ts'
import type { Add, Copy, CopySource, Heredoc, Word } from '../types.ts'
import { type CommandInLines, instructionBase } from './instruction-base.ts'
import { type Flags, readFlags } from './read-flags.ts'

const SHARED_FLAGS = { chown: 'string', chmod: 'string', link: 'boolean', exclude: 'strings' } as const
const COPY_FLAGS = { from: 'string', parents: 'boolean', ...SHARED_FLAGS } as const
const ADD_FLAGS = { checksum: 'string', 'keep-git-dir': 'boolean', unpack: 'boolean', ...SHARED_FLAGS } as const

export function readCopy(node: CommandInLines, report: Report): Copy | undefined {
  const flags = readFlags(node, COPY_FLAGS, report)
  const paths = readPaths(node, report)
  if (!paths) return undefined
  const from = flags.nonEmpty('from')
  const parents = flags.boolean('parents') ?? false
  return { kind: 'COPY', ...instructionBase(node), ...paths, ...readShared(flags), from, parents }
}

export function readAdd(node: CommandInLines, report: Report): Add | undefined {
  const flags = readFlags(node, ADD_FLAGS, report)
  const paths = readPaths(node, report)
  if (!paths) return undefined
  const checksum = flags.nonEmpty('checksum')
  const keepGitDir = flags.boolean('keep-git-dir')
  const unpack = flags.boolean('unpack')
  return { kind: 'ADD', ...instructionBase(node), ...paths, ...readShared(flags), checksum, keepGitDir, unpack }
}

function readShared(flags: Flags<keyof typeof SHARED_FLAGS>): Pick<Copy, keyof typeof SHARED_FLAGS> {
  return {
    chown: flags.nonEmpty('chown'),
    chmod: flags.nonEmpty('chmod'),
    link: flags.boolean('link') ?? false,
    exclude: flags.words('exclude'),
  }
}

function readPaths(node: CommandInLines, report: Report): Pick<Copy, 'sources' | 'destination'> | undefined {
  const name = node.name.toUpperCase()
  const destination = node.args.at(-1)
  if (!destination || node.args.length < 2) {
    if (!node.invalid) {
      const got = destination ? 'only one was provided' : 'none was provided'
      const hint = `write ${name} source destination`
      report('INSTRUCTION_ARGUMENTS', `${name} requires at least two arguments, but ${got}`, node.keyword.span, hint)
    }
    return undefined
  }
  if (heredocOf(destination)) {
    report('INSTRUCTION_ARGUMENTS', `${name} can not accept a heredoc as a destination`, destination.span)
  }
  // The last of several heredocs with one name wins, as in BuildKit.
  const bodies = new Map(node.heredocs.map((heredoc) => [heredoc.name, heredoc]))
  return { sources: node.args.slice(0, -1).map((path) => readSource(path, bodies)), destination }
}

function readSource(path: Word, bodies: ReadonlyMap<string, Heredoc>): CopySource {
  const word = heredocOf(path)
  if (!word) return { kind: 'path', path }
  // In JSON form heredocs have no body. As in BuildKit, the file is empty then.
  const body = bodies.get(word.name)
  const nothing = { start: path.span.end, end: path.span.end }
  const content = { content: body?.content ?? '', contentSpan: body?.contentSpan ?? nothing }
  return { kind: 'heredoc', heredoc: { ...word, ...content, span: path.span } }
}

function heredocOf({ value }: Word): Omit<Heredoc, 'content' | 'contentSpan' | 'span'> | undefined {
  const word = parseHeredocWord(value)
  return word && 'name' in word ? word : undefined
}
