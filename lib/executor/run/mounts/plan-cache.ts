// `--mount=type=cache`: the identity of the cache, and the files that a new one is filled from.
import type { Session } from '../../session.ts'
import { findMountSource, type MountInputs, sourceMissing } from './find-mount-source.ts'
import { absolutePath, type PlannedMount, type ResolvedMount } from './planned-mount.ts'

export async function planCache(
  mount: ResolvedMount,
  { workdir, source }: MountInputs,
  session: Session,
): Promise<PlannedMount> {
  const target = absolutePath(mount.target, workdir)
  const from = source && (await findMountSource(mount, source, session))
  if (!from && !['', '/', '.'].includes(mount.source)) throw sourceMissing(mount, undefined)
  const seed = from ? from.key : 'empty'
  const { uid, gid, mode, readonly } = mount
  const access = [readonly ? 'ro' : 'rw', uid ?? '', gid ?? '', mode ?? ''].join(' ')
  // As in BuildKit, a cache that is filled from other files, or belongs to another owner, is another cache.
  const origin = from || uid !== undefined || gid !== undefined || mode !== undefined ? [seed, uid, gid, mode] : []
  const name = [mount.id === '' ? target : mount.id, ...origin]
  const namespace = session.run.cacheNamespace
  return {
    mount: {
      kind: 'cache',
      target,
      id: JSON.stringify(namespace ? { [namespace]: name } : name),
      sharing: mount.sharing ?? 'shared',
      layers: from?.layers ?? [],
      source: from?.path ?? '',
      readonly,
      uid: uid ?? 0,
      gid: gid ?? 0,
      // As in BuildKit, the directory has no set-id and sticky bits.
      mode: (mode ?? 0o755) & 0o777,
    },
    key: `cache ${target} ${access} ${seed}`,
  }
}
