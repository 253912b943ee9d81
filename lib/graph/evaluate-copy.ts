import { TsbuildError } from '../errors.ts'
import { heredocText } from '../parser/index.ts'
import type { Add, Copy, Heredoc, Word } from '../parser/types.ts'
import { copyDestination } from './paths.ts'
import { isGitSource, isHttpSource } from './remote-source.ts'
import type { CopyInput, CopyOp } from './types.ts'

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
  const sources = instruction.sources.map((source): CopyInput => {
    if (source.kind === 'heredoc') return inlineFile(source.heredoc, expand)
    const path = expand.word(source.path)
    refuseRemote(instruction.kind, path)
    return { kind: 'path', path, span: source.path.span }
  })
  if (instruction.kind === 'ADD') refuseRemoteOnlyFlags(instruction)
  const destination = expand.word(instruction.destination)
  const shown = sources.map((source) => (source.kind === 'path' ? source.path : `<<${source.name}`))
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

function refuseRemote(instruction: 'COPY' | 'ADD', source: string): void {
  const remote = isGitSource(source) ? 'a git repository' : isHttpSource(source) ? 'a URL' : undefined
  if (remote === undefined) return
  if (instruction === 'COPY') {
    throw new TsbuildError('INSTRUCTION_ARGUMENTS', `COPY cannot take ${remote}: ${JSON.stringify(source)}`, {
      hint: 'COPY takes files from the build context or from another stage',
    })
  }
  throw new TsbuildError('UNSUPPORTED', `ADD of ${remote} is not supported yet: ${JSON.stringify(source)}`, {
    hint: 'download it into the build context before the build',
  })
}

function refuseRemoteOnlyFlags(instruction: Add): void {
  if (instruction.checksum) {
    throw new TsbuildError('INSTRUCTION_ARGUMENTS', 'ADD --checksum is for http(s) and git sources', {
      hint: 'leave --checksum out for a file of the build context',
    })
  }
}
