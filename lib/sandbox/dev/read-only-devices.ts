// Keeps steps from changing the machine's device nodes where a back-end shows them as they are mounted.
import { statSync } from 'node:fs'
import { lockedMountFlags } from '../namespaces/locked-mount-flags.ts'
import { runProgram } from '../run-program.ts'
import { DEVICE_NODES } from './device-nodes.ts'

/**
 * Mounts the devices of /dev read-only over themselves, in the mount namespace of this process, which has to be its
 * own. They can still be written to, and a mount made from them stays read-only; what can't be changed is their mode,
 * owner and times. Leaves out those of another user, which the kernel protects.
 */
export async function makeDevicesReadOnly(): Promise<void> {
  await Promise.all(DEVICE_NODES.map(({ name }) => makeReadOnly(`/dev/${name}`)))
}

async function makeReadOnly(path: string): Promise<void> {
  if (statSync(path, { throwIfNoEntry: false })?.uid !== process.getuid?.()) return
  const options = new Set(['bind', 'ro', ...lockedMountFlags(path)])
  await runProgram('mount', ['-n', '-i', '-o', [...options].join(','), path, path])
}
