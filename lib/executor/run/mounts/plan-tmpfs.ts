// `--mount=type=tmpfs`: an empty directory in memory.
import { absolutePath, type PlannedMount, type ResolvedMount } from './planned-mount.ts'

export function planTmpfs(mount: ResolvedMount, workdir: string): PlannedMount {
  const target = absolutePath(mount.target, workdir)
  const size = mount.size === 0 ? undefined : mount.size
  const { readonly } = mount
  return {
    mount: { kind: 'tmpfs', target, size, readonly },
    key: `tmpfs ${target} ${mount.size} ${readonly ? 'ro' : 'rw'}`,
  }
}
