import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { TsbuildError } from '../../base/errors.ts'
import { type Mounter, TMPFS_OPTIONS } from './mounter.ts'
import { overlayOptions } from './overlay-options.ts'

/**
 * Starts the native helper as a process that mounts until it is closed or this process ends. Undefined if it does not
 * start.
 */
export async function startNativeMounter(helper: string): Promise<Mounter | undefined> {
  const child = spawn(helper, ['mounts'], { env: {}, stdio: ['pipe', 'pipe', 'ignore'] })
  const next = answersOf(child)
  if ((await next()) !== 'ready') return undefined
  const ask = async (doing: string, ...request: readonly string[]): Promise<void> => {
    child.stdin?.write(request.map((text) => `${text}\0`).join(''))
    const answer = await next()
    if (answer !== 'ok')
      throw new TsbuildError('SANDBOX_FAILED', `${doing}: ${answer ?? 'the native helper has ended'}`)
  }
  return {
    async overlay(mount) {
      const { directory, options } = overlayOptions(mount)
      await ask(`cannot mount an overlay at ${mount.target}`, 'overlay', directory, options, mount.target)
    },
    tmpfs: (target) => ask(`cannot mount a tmpfs at ${target}`, 'tmpfs', target, TMPFS_OPTIONS),
    unmount: (target) => ask(`cannot unmount ${target}`, 'unmount', target),
    detach: (target) => ask(`cannot unmount ${target}`, 'detach', target),
    close: () => child.stdin?.end(),
  }
}

/** Reads the lines of a process one at a time; undefined once it has ended. */
function answersOf(child: ChildProcess): () => Promise<string | undefined> {
  const waiting: ((line: string | undefined) => void)[] = []
  let ended = child.stdout === null
  const end = (): void => {
    ended = true
    for (const resolve of waiting.splice(0)) resolve(undefined)
  }
  if (child.stdout)
    createInterface({ input: child.stdout })
      .on('line', (line) => waiting.shift()?.(line))
      .on('close', end)
  child.on('error', end)
  // A write to a process that has ended fails, and counts as its end.
  child.stdin?.on('error', end)
  return () => (ended ? Promise.resolve(undefined) : new Promise((resolve) => waiting.push(resolve)))
}
