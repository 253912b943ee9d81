// File capabilities through the native helper: Node has no API for extended attributes.
import { spawnSync } from 'node:child_process'
import { TsbuildError } from '../../base/errors.ts'

export interface CapabilityFailure {
  readonly path: string
  /** The system's words. */
  readonly reason: string
}

/**
 * The values of `security.capability` of those files that have one. Paths are relative to `root`, as strings or bytes, without `..`, and
 * no component of them may be a symlink; what could not be read is in `failed`. Blocks until done. Errors with SANDBOX_FAILED.
 */
export function readFileCapabilities<Path extends string | Buffer>(
  helper: string,
  root: string,
  paths: readonly Path[],
): { readonly values: ReadonlyMap<Path, Uint8Array>; readonly failed: readonly CapabilityFailure[] } {
  const values = new Map<Path, Uint8Array>()
  const failed: CapabilityFailure[] = []
  const answers = ask(helper, 'get', root, paths, paths.length)
  for (const [index, path] of paths.entries()) {
    const answer = answers[index] ?? ''
    if (answer.startsWith('!')) failed.push({ path: path.toString(), reason: answer.slice(1) })
    else if (answer !== '') values.set(path, Uint8Array.from(Buffer.from(answer, 'hex')))
  }
  return { values, failed }
}

/** Sets them, or with an empty value removes them; returns what could not be done. Paths, blocking and errors as in {@link readFileCapabilities}. */
export function writeFileCapabilities(
  helper: string,
  root: string,
  files: readonly { readonly path: string | Buffer; readonly value: Uint8Array }[],
): readonly CapabilityFailure[] {
  const words = files.flatMap(({ path, value }) => [path, Buffer.from(value).toString('hex')])
  const answers = ask(helper, 'set', root, words, files.length)
  return files.flatMap(({ path }, index) => {
    const answer = answers[index] ?? ''
    return answer.startsWith('!') ? [{ path: path.toString(), reason: answer.slice(1) }] : []
  })
}

function ask(
  helper: string,
  what: 'get' | 'set',
  root: string,
  words: readonly (string | Buffer)[],
  answers: number,
): readonly string[] {
  if (words.length === 0) return []
  const nul = Buffer.alloc(1)
  const input = Buffer.concat(words.flatMap((word) => [Buffer.from(word), nul]))
  const { status, stdout, stderr, error } = spawnSync(helper, ['xattrs', what, root], {
    input,
    encoding: 'utf8',
    env: {},
    maxBuffer: 1024 * (answers + 64),
  })
  const lines = (stdout ?? '').split('\n')
  if (error || status !== 0 || lines.length !== answers + 1) {
    const why = error?.message ?? stderr.trim()
    throw new TsbuildError('SANDBOX_FAILED', `reading or writing file capabilities failed: ${why || 'too few answers'}`)
  }
  return lines.slice(0, -1)
}
