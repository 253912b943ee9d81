import { findHelper } from '../native/find-helper.ts'
import type { Mounter } from './mounter.ts'
import { startNativeMounter } from './native-mounter.ts'
import { createSystemMounter } from './system-mounter.ts'

/** What mounts here: the native helper where there is one, else the system's own programs. Never rejects. */
export async function openMounter(): Promise<Mounter> {
  const helper = findHelper()
  return (helper === undefined ? undefined : await startNativeMounter(helper)) ?? createSystemMounter()
}
