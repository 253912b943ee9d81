// `--mount=type=bind`: files of the context, a stage, a named context or an image.
import type { Session } from '../../session.ts'
import { findMountSource, type MountInputs } from './find-mount-source.ts'
import { absolutePath, type PlannedMount, type ResolvedMount } from './planned-mount.ts'

export async function planBind(
  mount: ResolvedMount,
  { workdir, source }: MountInputs,
  session: Session,
): Promise<PlannedMount> {
  if (!source) throw new Error('bug: a bind mount without a source')
  const target = absolutePath(mount.target, workdir)
  const { layers, path, key } = await findMountSource(mount, source, session)
  return {
    mount: { kind: 'layers', target, layers, source: path, readonly: mount.readonly },
    key: `bind ${target} ${mount.readonly ? 'ro' : 'rw'} ${key}`,
  }
}
