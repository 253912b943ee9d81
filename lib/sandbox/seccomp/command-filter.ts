import { availableCapabilities, DEFAULT_CAPABILITIES } from '../restrictions/capabilities.ts'
import { compileProfile } from './compile-profile.ts'
import { seccompProfile } from './seccomp-profile.ts'

/** The reason why there is no {@link commandFilter}. */
export const NO_FILTER_HERE: string = `Docker's profile is not known here for the processor ${process.arch}`

/**
 * Docker's seccomp filter for the commands of a process with these capabilities (a bit set), as the kernel takes it.
 * Undefined for processors that compileProfile() does not know.
 */
export function commandFilter(capabilities: bigint, arch: string = process.arch): Uint8Array | undefined {
  return compileProfile(seccompProfile(availableCapabilities(DEFAULT_CAPABILITIES, capabilities), arch), arch)
}
