import { findHelper } from '../native/find-helper.ts'
import type { Mounter } from './mounter.ts'
import { startNativeMounter } from './native-mounter.ts'
import { createSystemMounter } from './system-mounter.ts'

/** The native helper's mounter if there is a helper, else one that starts the system's programs. Never rejects. */
export async function openMounter(): Promise<Mounter> {
  const helper = findHelper()
  return (helper === undefined ? undefined : await startNativeMounter(helper)) ?? createSystemMounter()
}
