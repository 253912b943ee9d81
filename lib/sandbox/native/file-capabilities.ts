// Reads and writes file capabilities through the native helper: Node.js has no API for extended attributes.
import { spawnSync } from 'node:child_process'
import { TsbuildError } from '../../base/errors.ts'

export interface CapabilityFailure {
  readonly path: string
  /** The system's message. */
  readonly reason: string
}

/**
 * The values of `security.capability` of the files that have one. Paths are relative to `root`, as strings or bytes,
 * without `..`; no component may be a symlink. `failed` has the files that could not be read. Blocks until done.
 * Errors with SANDBOX_FAILED.
 */
export function readFileCapabilities<Path extends string | Buffer>(
  helper: string,
  root: string,
  paths: readonly Path[],
): { readonly values: ReadonlyMap<Path, Uint8Array>; readonly failed: readonly CapabilityFailure[] } {
  const values = new Map<Path, Uint8Array>()
  const failed: CapabilityFailure[] = []
  const answers = ask(helper, { what: 'get', root, request: paths, answers: paths.length })
  for (const [index, path] of paths.entries()) {
    const answer = answers[index] ?? ''
    if (answer.startsWith('!')) failed.push({ path: path.toString(), reason: answer.slice(1) })
    else if (answer !== '') values.set(path, Uint8Array.from(Buffer.from(answer, 'hex')))
  }
  return { values, failed }
}

/**
 * Sets capabilities, or removes them where the value is empty, and returns the failures. Paths, blocking and errors
 * as in {@link readFileCapabilities}.
 */
export function writeFileCapabilities(
  helper: string,
  root: string,
  files: readonly { readonly path: string | Buffer; readonly value: Uint8Array }[],
): readonly CapabilityFailure[] {
  const request = files.flatMap(({ path, value }) => [path, Buffer.from(value).toString('hex')])
  const answers = ask(helper, { what: 'set', root, request, answers: files.length })
  return files.flatMap(({ path }, index) => {
    const answer = answers[index] ?? ''
    return answer.startsWith('!') ? [{ path: path.toString(), reason: answer.slice(1) }] : []
  })
}

interface Question {
  readonly what: 'get' | 'set'
  readonly root: string
  /** The strings of the request, without their NULs. */
  readonly request: readonly (string | Buffer)[]
  /** The number of lines that the helper has to answer with. */
  readonly answers: number
}

function ask(helper: string, { what, root, request, answers }: Question): readonly string[] {
  if (request.length === 0) return []
  const nul = Buffer.alloc(1)
  const input = Buffer.concat(request.flatMap((text) => [Buffer.from(text), nul]))
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
