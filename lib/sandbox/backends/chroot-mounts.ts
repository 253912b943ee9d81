// The mounts of a chroot, which may not mount: copies that are made before a command and taken out after it.
import { closeSync, ftruncateSync, lstatSync, openSync, utimesSync } from 'node:fs'
import { chmod, mkdir, readdir, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { hasErrno } from '../../base/errno.ts'
import { messageOf, TsbuildError } from '../../base/errors.ts'
import { resolvePathInRoot } from '../../base/path-in-root.ts'
import { runProgram } from '../run-program.ts'
import type { SandboxMount } from '../types.ts'

/**
 * Undoes {@link copyIn}: what a command wrote to a writable mount goes back to the source. No process of the command
 * may run any more.
 */
export type TakeOut = () => Promise<void>

/**
 * Puts a mount's files at its target. What was there waits in `aside`, a path that doesn't exist yet, best on the
 * same filesystem as the root. Rejects with SANDBOX_FAILED.
 */
export async function copyIn(mount: SandboxMount, root: string, aside: string): Promise<TakeOut> {
  const target = join(root, mount.target)
  const isFreeOfLinks = (): boolean =>
    resolvePathInRoot(root, mount.target)?.absolute.equals(Buffer.from(target)) === true
  if (!isFreeOfLinks()) {
    throw new TsbuildError('SANDBOX_FAILED', `a symbolic link is in the way of the mount at ${mount.target}`)
  }
  // An earlier mount covers what the root has there.
  const wasThere = exists(target)
  if (!wasThere) await mkdir(dirname(target), { recursive: true })
  const restoreTimes = rememberTimes(dirname(target))
  if (wasThere) await move(target, aside)
  const isFile = mount.kind === 'bind' && lstatSync(mount.source).isFile()
  if (mount.kind === 'bind') await copy(mount.source, target)
  else {
    await mkdir(target)
    await chmod(target, mount.mode)
  }
  // A command may move the file anywhere in the root. It is emptied through this descriptor, so that no content stays.
  const file = isFile && mount.readonly ? openSync(target, 'r+') : undefined
  return async () => {
    if (file !== undefined) {
      ftruncateSync(file)
      closeSync(file)
    }
    // The command may have put a link there, which for this process would lead out of the root.
    const inPlace = isFreeOfLinks() && exists(dirname(target))
    if (inPlace && exists(target)) {
      if (mount.kind === 'bind' && !mount.readonly)
        await (isFile ? copy(target, mount.source) : copyDirectoryBack(target, mount.source))
      await rm(target, { recursive: true, force: true })
    }
    if (inPlace) {
      if (wasThere) await move(aside, target)
      restoreTimes()
    } else await rm(aside, { recursive: true, force: true })
  }
}

async function copyDirectoryBack(from: string, to: string): Promise<void> {
  // The directory itself stays: others may hold it open, as a lock.
  for (const name of await readdir(to)) await rm(join(to, name), { recursive: true, force: true })
  for (const name of await readdir(from)) await move(join(from, name), join(to, name))
  await runProgram('chmod', ['--reference', from, to])
  await runProgram('chown', ['--reference', from, to])
}

function copy(from: string, to: string): Promise<string> {
  return runProgram('cp', ['-a', '-T', from, to])
}

async function move(from: string, to: string): Promise<void> {
  try {
    await rename(from, to)
  } catch (error) {
    if (!hasErrno(error, 'EXDEV')) {
      throw new TsbuildError('SANDBOX_FAILED', `cannot move ${basename(from)}: ${messageOf(error)}`, {
        cause: error,
      })
    }
    await copy(from, to)
    await rm(from, { recursive: true, force: true })
  }
}

/** Returns a function that restores the times of a directory. */
function rememberTimes(directory: string): () => void {
  const { atimeMs, mtimeMs } = lstatSync(directory)
  return () => utimesSync(directory, atimeMs / 1000, mtimeMs / 1000)
}

function exists(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined
}
