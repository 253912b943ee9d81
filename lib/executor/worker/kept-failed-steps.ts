// Failed steps that are kept for `tsbuild shell`: --keep-failed.
import { randomBytes } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { TsbuildError } from '../../base/errors.ts'
import { readJsonIfSound } from '../../cache/atomic-files.ts'
import type { RunRequest, ShellRequest } from './protocol.ts'
import { removeTree } from './root/remove-tree.ts'
import type { RunRoot } from './root/run-root.ts'
import type { WorkerContext } from './worker-context.ts'

/** Kept steps at most, since each may be a whole root filesystem on disk. */
const KEPT_LIMIT = 5

/**
 * Keeps the changes of a failed step and its request without secrets and agents. Returns the name for `tsbuild
 * shell`.
 */
export async function keepFailed(request: RunRequest, root: RunRoot, { kept }: WorkerContext): Promise<string> {
  mkdirSync(kept, { recursive: true, mode: 0o700 })
  for (const old of keptNames(kept).slice(KEPT_LIMIT - 1)) removeTree(join(kept, old))
  const name = randomBytes(4).toString('hex')
  const directory = join(kept, name)
  mkdirSync(directory)
  await root.moveChanges(join(directory, 'files'))
  const mounts = request.mounts.filter(({ kind }) => kind !== 'secret' && kind !== 'ssh')
  // Written last, because a directory with this file counts as a kept step.
  writeFileSync(join(directory, 'request.json'), JSON.stringify({ ...request, mounts, secretEnv: [] }))
  return name
}

/** The names of the kept steps, newest first. */
export function keptNames(kept: string): readonly string[] {
  const times = new Map<string, number>()
  for (const name of statSync(kept, { throwIfNoEntry: false }) ? readdirSync(kept) : []) {
    const request = join(kept, name, 'request.json')
    const stat = statSync(request, { throwIfNoEntry: false })
    // A power cut may have emptied the file, and the step's files with it.
    if (stat && readJsonIfSound(request) !== undefined) times.set(name, stat.mtimeMs)
  }
  return [...times.keys()].sort((a, b) => (times.get(b) ?? 0) - (times.get(a) ?? 0))
}

/** The request of a kept step with the arguments of the shell, and the directory of the step's changes. */
export function readKept(
  { kept: name, args, step }: ShellRequest,
  { kept, keep }: WorkerContext,
): { readonly request: RunRequest; readonly directory: string } {
  const directory = join(kept, name)
  keep(directory)
  const text = readFileSync(join(directory, 'request.json'), 'utf8')
  const request = JSON.parse(text) as RunRequest
  return {
    request: { ...request, step, args, script: undefined },
    directory: join(directory, 'files'),
  }
}

/** The name of a kept step, by default the newest. Errors with `KEPT_STEP_NOT_FOUND`. */
export function findKept(kept: string, name: string | undefined): string {
  const names = keptNames(kept)
  const found = name === undefined ? names[0] : names.find((candidate) => candidate === name)
  if (found !== undefined) return found
  const message = name === undefined ? 'no failed step was kept' : `no failed step was kept as ${JSON.stringify(name)}`
  throw new TsbuildError('KEPT_STEP_NOT_FOUND', message, {
    hint: names.length > 0 ? `there are ${names.join(', ')}` : 'build with --keep-failed first',
  })
}
