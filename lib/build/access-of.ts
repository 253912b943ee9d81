import { SYSTEM_CLOCK } from '../executor/clock.ts'
import type { RemoteAccess } from '../executor/remote/remote-access.ts'
import type { RegistryOptions } from '../registry/client.ts'
import type { BuildOptions } from './build-options.ts'

/** How a build with these options reaches what is outside. */
export function accessOf({ clock = SYSTEM_CLOCK, env = process.env, fetch, run }: BuildOptions): RemoteAccess {
  return { clock, env, fetch, secrets: run?.secrets }
}

/** The options of the registry client of a build. */
export function registryOptions({ env, credentials, fetch }: BuildOptions): RegistryOptions {
  return { env, credentials, fetch }
}
