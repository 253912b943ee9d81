import { TsbuildError } from '../../base/errors.ts'
import { inputLimit, LIMIT_HINT } from '../../base/input-limit.ts'
import { type GitCommand, runGit } from './run-git.ts'

/** More files than any real repository has. A few kilobytes of pack can describe a tree with billions of files. */
const MAX_GIT_FILES = 2_000_000

/**
 * Counts the files of a commit before they are written to the disk. Errors with `ARCHIVE_TOO_LARGE` if there
 * are more than two million, or if they have more bytes than {@link inputLimit}.
 */
export async function inspectCommit(
  commit: string,
  git: GitCommand,
  limits: { readonly files: number; readonly bytes: number } = { files: MAX_GIT_FILES, bytes: inputLimit() },
): Promise<{ readonly hasSubmodules: boolean; readonly isEmpty: boolean }> {
  let hasSubmodules = false
  let files = 0
  let bytes = 0
  let rest = ''
  const onOutput = (chunk: Buffer): void => {
    const lines = (rest + chunk.toString('latin1')).split('\0')
    rest = lines.pop() ?? ''
    for (const line of lines) {
      files++
      if (line.startsWith('160000 ')) hasSubmodules = true
      bytes += Number(/^\d+ \w+ \w+ +(\d+)\t/.exec(line)?.[1] ?? 0)
    }
    if (files > limits.files)
      throw new TsbuildError('ARCHIVE_TOO_LARGE', `the git commit ${commit} has more than ${limits.files} files`)
    if (bytes > limits.bytes) {
      const message = `the files of the git commit ${commit} have more than ${limits.bytes} bytes`
      throw new TsbuildError('ARCHIVE_TOO_LARGE', message, { hint: LIMIT_HINT })
    }
  }
  await runGit(['ls-tree', '-r', '-l', '-z', '--full-tree', commit], { ...git, onOutput })
  return { hasSubmodules, isEmpty: files === 0 }
}
