// Sources of ADD that are not in the build context.
import { TsbuildError } from '../../base/errors.ts'
import { type GitUrl, isHttpUrl, parseGitUrl } from '../../base/git-url.ts'
import type { Span } from '../../base/source.ts'
import { parseDigest } from '../../oci/digest.ts'
import type { Add, Copy } from '../../parser/types.ts'
import type { RemoteInput } from '../types.ts'

/**
 * The URL or git repository that a source of COPY or ADD names; undefined for a path. Errors with
 * `INSTRUCTION_ARGUMENTS` where BuildKit refuses it, and with `DIGEST_INVALID`.
 */
export function remoteInput(
  instruction: Copy | Add,
  source: string,
  checksum: string | undefined,
  span: Span,
): RemoteInput | undefined {
  const git = parseGitUrl(source)
  if (git?.kind === 'invalid') {
    throw new TsbuildError('INSTRUCTION_ARGUMENTS', `${instruction.kind} of ${JSON.stringify(source)}: ${git.problem}`)
  }
  const isGit = git !== undefined && !git.url.pathLike
  const isHttp = git === undefined && isHttpUrl(source)
  if (!isGit && !isHttp) return undefined
  if (instruction.kind === 'COPY') {
    const what = isGit ? 'a git repository' : 'a URL'
    throw new TsbuildError('INSTRUCTION_ARGUMENTS', `COPY cannot take ${what}: ${JSON.stringify(source)}`, {
      hint: 'COPY takes files from the build context or from another stage; ADD takes URLs',
    })
  }
  if (isGit) return gitInput(instruction, git.url, checksum, span)
  const digest = checksum === undefined ? undefined : parseDigest(checksum)
  return {
    kind: 'url',
    url: source,
    name: fileName(source),
    checksum: digest,
    unpack: instruction.unpack ?? false,
    span,
  }
}

function gitInput({ keepGitDir }: Add, url: GitUrl, checksum: string | undefined, span: Span): RemoteInput {
  if (keepGitDir !== undefined && url.keepGitDir !== undefined && keepGitDir !== url.keepGitDir) {
    throw new TsbuildError(
      'INSTRUCTION_ARGUMENTS',
      '--keep-git-dir and the keep-git-dir of the URL contradict each other',
    )
  }
  if (checksum !== undefined && url.checksum !== undefined && checksum !== url.checksum) {
    const both = `${JSON.stringify(checksum)} and ${JSON.stringify(url.checksum)}`
    throw new TsbuildError(
      'INSTRUCTION_ARGUMENTS',
      `--checksum and the checksum of the URL contradict each other: ${both}`,
    )
  }
  const wanted = checksum ?? url.checksum
  return { kind: 'git', url: { ...url, checksum: wanted }, keepGitDir: url.keepGitDir ?? keepGitDir ?? false, span }
}

/** The last part of the URL's path. */
function fileName(url: string): string {
  const path = /^https?:\/\/[^/?#]*([^?#]*)/.exec(url)?.[1] ?? ''
  const last = path.replace(/\/+$/, '').replace(/^.*\//s, '')
  const name = decode(last).replace(/^.*\//s, '').trim()
  if (name === '' || name === '.') return '__unnamed__'
  return name === '..' || /[\0-\x1f\x7f-\x9f]/.test(name) ? 'download' : name
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    // The text has an invalid escape, so it is the name as it stands.
    return text
  }
}
