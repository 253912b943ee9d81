import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { messageOf } from '../../base/errors.ts'
import type { Probe } from '../types.ts'
import type { Mounter } from './mounter.ts'
import type { OverlayMount } from './overlay-options.ts'

/**
 * Whether overlayfs works in a directory of the store. It does there what some kernels and filesystems fail at: it
 * removes a directory of a lower layer and makes it again. Leaves nothing behind; never rejects.
 */
export async function probeOverlay(
  directory: string,
  mounter: Mounter,
  { userxattr }: Pick<OverlayMount, 'userxattr'>,
): Promise<Probe> {
  const name = 'overlayfs in the store'
  try {
    const scratch = await mkdtemp(join(directory, 'overlay-probe-'))
    try {
      await tryOverlay(scratch, mounter, { userxattr })
    } finally {
      await rm(scratch, { recursive: true, force: true })
    }
    return { name, ok: true, detail: userxattr ? 'works in this user namespace' : 'works' }
  } catch (error) {
    const detail = messageOf(error)
    const remedy = `keep the store on a filesystem that is no overlay itself, e.g. a volume: ${directory} is not`
    return { name, ok: false, detail, remedy }
  }
}

async function tryOverlay(
  scratch: string,
  mounter: Mounter,
  { userxattr }: Pick<OverlayMount, 'userxattr'>,
): Promise<void> {
  const [lower, upper, work, target] = ['lower', 'upper', 'work', 'target'].map((name) => join(scratch, name))
  if (!lower || !upper || !work || !target) throw new Error('bug: four names are four paths')
  await Promise.all([mkdir(join(lower, 'directory'), { recursive: true }), mkdir(upper), mkdir(work), mkdir(target)])
  await writeFile(join(lower, 'directory/file'), '')
  await mounter.overlay({ lower: [lower], upper, work, target, userxattr })
  try {
    await rm(join(target, 'directory'), { recursive: true })
    await mkdir(join(target, 'directory'))
    const left = await readdir(join(target, 'directory'))
    if (left.length > 0) throw new Error('a removed file is there again')
  } finally {
    await mounter.unmount(target)
  }
}
