// The environment of a command: how it gets past the programs of the system that start the command.
import { lstatSync } from 'node:fs'
import { join } from 'node:path'
import { TsbuildError } from '../../base/errors.ts'
import type { SandboxCommand } from '../types.ts'

/**
 * Variables that change how a program is loaded or finds its messages. They are meant for programs of the image only.
 */
const LOADER = /^(LD_|GLIBC_|PROOT_|GCONV_PATH$|LOCPATH$|NLSPATH$|MALLOC_|RES_OPTIONS$|HOSTALIASES$)/

export interface LaunchedCommand {
  /** The environment of all launchers. */
  readonly env: Readonly<Record<string, string>>
  readonly args: readonly string[]
}

/**
 * The command with an environment that is harmless to its launchers, which pass it on as it is. The image's own
 * `env`, started after the last launcher, sets the variables of the loader. Throws SANDBOX_FAILED where an image
 * without `env` needs such variables.
 */
export function launchedCommand(command: SandboxCommand): LaunchedCommand {
  const all = command.env.map((text) => {
    const at = text.indexOf('=')
    return [text.slice(0, at), text.slice(at + 1)] as const
  })
  const env = Object.fromEntries(all.filter(([name]) => !LOADER.test(name)))
  const withheld = all.filter(([name]) => LOADER.test(name)).map((pair) => pair.join('='))
  if (withheld.length === 0) return { env, args: command.args }
  const program = ['/usr/bin/env', '/bin/env'].find((path) => exists(join(command.root, path)))
  if (!program) {
    const message = `cannot set ${withheld[0]?.split('=')[0]}: the image has neither /usr/bin/env nor /bin/env`
    throw new TsbuildError('SANDBOX_FAILED', message)
  }
  return { env, args: [program, ...withheld, ...command.args] }
}

function exists(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined
}
