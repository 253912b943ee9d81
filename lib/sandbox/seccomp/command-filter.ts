import { availableCapabilities, DEFAULT_CAPABILITIES } from '../restrictions/capabilities.ts'
import { compileProfile } from './compile-profile.ts'
import { seccompProfile } from './seccomp-profile.ts'

/**
 * Docker's seccomp filter for the commands of a process that has these capabilities (a set of bits), as the kernel takes it. Undefined on
 * processors that it can't be made for.
 */
export function commandFilter(capabilities: bigint, arch: string = process.arch): Uint8Array | undefined {
  return compileProfile(seccompProfile(availableCapabilities(DEFAULT_CAPABILITIES, capabilities), arch), arch)
}
