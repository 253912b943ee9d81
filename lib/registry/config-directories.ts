// The directories of the user's configuration files, as the environment sets them.
import { homedir } from 'node:os'
import { join } from 'node:path'

export type Env = Readonly<Record<string, string | undefined>>

/** The directory of the user's configuration. */
export function configHome(env: Env): string {
  return env['XDG_CONFIG_HOME'] || join(home(env), '.config')
}

/** The directory of Docker's configuration. */
export function dockerConfig(env: Env): string {
  return env['DOCKER_CONFIG'] || join(home(env), '.docker')
}

const home = (env: Env): string => env['HOME'] || homedir()
