import { TsbuildError } from '../../base/errors.ts'
import { heredocText } from '../../parser/index.ts'
import type { Add, Copy, Heredoc, Word } from '../../parser/types.ts'
import type { CopyInput, CopyOp } from '../types.ts'
import { copyDestination } from './paths.ts'
import { remoteInput } from './remote-source.ts'

export interface CopyExpansion {
  readonly word: (word: Word) => string
  readonly body: (word: Word) => string
  readonly workdir: string
}

/** The operation that a COPY or ADD asks for, and its text for the history. */
export function evaluateCopy(
  instruction: Copy | Add,
  expand: CopyExpansion,
): { readonly op: CopyOp; readonly text: string } {
  const chown = instruction.chown && expand.word(instruction.chown)
  const chmod = instruction.chmod && expand.word(instruction.chmod)
  const parents = instruction.kind === 'COPY' && instruction.parents
  const given = instruction.kind === 'ADD' && instruction.checksum && expand.word(instruction.checksum)
  const checksum = given || undefined
  const sources = instruction.sources.map((source): CopyInput => {
    if (source.kind === 'heredoc') return inlineFile(source.heredoc, expand)
    const path = expand.word(source.path)
    const { span } = source.path
    return remoteInput(instruction, path, checksum, span) ?? { kind: 'path', path, span }
  })
  if (checksum !== undefined) checkChecksum(sources)
  const destination = expand.word(instruction.destination)
  // Inline files come last, wherever they are written.
  const shown = [
    ...instruction.sources.flatMap((source) => (source.kind === 'path' ? expand.word(source.path) : [])),
    ...instruction.sources.flatMap((source) => (source.kind === 'heredoc' ? `<<${source.heredoc.name}` : [])),
  ]
  const flags = [
    ...(parents ? ['--parents'] : []),
    ...(chown ? [`--chown=${chown}`] : []),
    ...(chmod ? [`--chmod=${chmod}`] : []),
  ]
  const op: CopyOp = {
    kind: 'copy',
    instruction: instruction.kind,
    sources,
    destination: copyDestination(expand.workdir, destination),
    chown: chown || undefined,
    chmod: chmod || undefined,
    link: instruction.link,
    parents,
    exclude: instruction.exclude.map((word) => word.value),
    unpack: instruction.kind === 'ADD' ? (instruction.unpack ?? true) : undefined,
  }
  return { op, text: [instruction.kind, ...flags, ...shown, destination].join(' ') }
}

function inlineFile(heredoc: Heredoc, expand: CopyExpansion): CopyInput {
  const { name, contentSpan, span } = heredoc
  const content = heredocText(heredoc)
  const text = heredoc.expand ? expand.body({ value: content, span: contentSpan }) : content
  return { kind: 'inline', name, text, span }
}

function checkChecksum(sources: readonly CopyInput[]): void {
  const paths = sources.filter(({ kind }) => kind !== 'inline')
  if (paths.length !== 1) {
    throw new TsbuildError('INSTRUCTION_ARGUMENTS', 'ADD --checksum is for a single source', {
      hint: 'write an ADD for each',
    })
  }
  if (paths.some(({ kind }) => kind === 'path')) {
    throw new TsbuildError('INSTRUCTION_ARGUMENTS', 'ADD --checksum is for http(s) and git sources', {
      hint: 'leave --checksum out for a file of the build context',
    })
  }
}
