import { TsbuildError } from '../../base/errors.ts'
import { heredocText } from '../../parser/index.ts'
import type { Add, Copy, Heredoc, Word } from '../../parser/types.ts'
import type { CopyInput, CopyOp } from '../types.ts'
import type { Locate } from './expand.ts'
import { parseChmod } from './parse-chmod.ts'
import { remoteInput } from './remote-source.ts'
import { copyDestination } from './workdir-paths.ts'

export interface CopyExpander {
  readonly word: (word: Word) => string
  readonly body: (word: Word) => string
}

/** The words of a COPY or ADD after expansion. Those that are empty or not given are undefined. */
export interface CopyWords {
  readonly chown: string | undefined
  readonly chmod: string | undefined
  readonly checksum: string | undefined
  /** In the order in which they are written. */
  readonly sources: readonly SourceWord[]
  readonly destination: string
}

type SourceWord =
  | { readonly kind: 'path'; readonly word: Word; readonly path: string }
  | { readonly kind: 'inline'; readonly heredoc: Heredoc; readonly text: string }

/** Expands the words in BuildKit's order, so that of several words that are wrong the same one is reported. */
export function expandCopy(instruction: Copy | Add, expand: CopyExpander): CopyWords {
  const optional = (word: Word | undefined): string | undefined => (word && expand.word(word)) || undefined
  const chown = optional(instruction.chown)
  const chmod = optional(instruction.chmod)
  const checksum = instruction.kind === 'ADD' ? optional(instruction.checksum) : undefined
  const withPaths = instruction.sources.map((source) =>
    source.kind === 'path' ? { kind: source.kind, word: source.path, path: expand.word(source.path) } : source,
  )
  const destination = expand.word(instruction.destination)
  const sources = withPaths.map((source): SourceWord => {
    if (source.kind === 'path') return source
    return { kind: 'inline', heredoc: source.heredoc, text: inlineText(source.heredoc, expand) }
  })
  return { chown, chmod, checksum, sources, destination }
}

function inlineText(heredoc: Heredoc, expand: CopyExpander): string {
  const content = heredocText(heredoc)
  return heredoc.expand ? expand.body({ value: content, span: heredoc.contentSpan }) : content
}

export interface CopyScope {
  readonly workdir: string
  readonly locate: Locate
  /** Receives each path, as it is written, before the next source is checked. */
  readonly onPath: (path: string, word: Word) => void
}

/**
 * The operation that a COPY or ADD asks for, and its text for the history. Errors with `CHMOD_INVALID`,
 * `DIGEST_INVALID` and `INSTRUCTION_ARGUMENTS`.
 */
export function evaluateCopy(
  instruction: Copy | Add,
  { chown, chmod, checksum, sources, destination }: CopyWords,
  { workdir, locate, onPath }: CopyScope,
): { readonly op: CopyOp; readonly text: string } {
  if (chmod !== undefined) parseChmod(chmod)
  const paths = sources.filter((source) => source.kind === 'path')
  const inline = sources.filter((source) => source.kind === 'inline')
  if (checksum !== undefined && paths.length !== 1) {
    throw new TsbuildError('INSTRUCTION_ARGUMENTS', 'ADD --checksum is for a single source', {
      hint: 'write an ADD for each',
    })
  }
  const inputs = sources.map((source): CopyInput => {
    if (source.kind === 'inline') {
      const { name, span } = source.heredoc
      return { kind: 'inline', name, text: source.text, span: locate(span).span }
    }
    const { word, path } = source
    const { span } = locate(word.span)
    const remote = remoteInput(instruction, path, checksum, span)
    if (remote) return remote
    if (checksum !== undefined) {
      throw new TsbuildError('INSTRUCTION_ARGUMENTS', 'ADD --checksum is for http(s) and git sources', {
        hint: 'leave --checksum out for a file of the build context',
      })
    }
    onPath(path, word)
    return { kind: 'path', path, span }
  })
  const parents = instruction.kind === 'COPY' && instruction.parents
  const op: CopyOp = {
    kind: 'copy',
    instruction: instruction.kind,
    sources: inputs,
    destination: copyDestination(workdir, destination),
    chown,
    chmod,
    link: instruction.link,
    parents,
    exclude: instruction.exclude.map((word) => word.value),
    unpack: instruction.kind === 'ADD' ? (instruction.unpack ?? true) : undefined,
  }
  // Inline files come last in the history, wherever they are written.
  const text = [
    instruction.kind,
    ...(parents ? ['--parents'] : []),
    ...(chown ? [`--chown=${chown}`] : []),
    ...(chmod ? [`--chmod=${chmod}`] : []),
    ...paths.map(({ path }) => path),
    ...inline.map(({ heredoc }) => `<<${heredoc.name}`),
    destination,
  ].join(' ')
  return { op, text }
}
