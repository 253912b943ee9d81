// How a command's environment gets past the programs of the system that start it.
import { lstatSync } from 'node:fs'
import { join } from 'node:path'
import { TsbuildError } from '../../base/errors.ts'
import type { SandboxCommand } from '../types.ts'

/** Variables that change how a program is loaded or finds its messages: meant for programs of the image, not for ours. */
const LOADER = /^(LD_|GLIBC_|PROOT_|GCONV_PATH$|LOCPATH$|NLSPATH$|MALLOC_|RES_OPTIONS$|HOSTALIASES$)/

export interface LaunchedCommand {
  /** For all programs on the way. */
  readonly env: Readonly<Record<string, string>>
  readonly args: readonly string[]
}

/**
 * The command with an environment that is harmless to the launchers on its way, to which it is passed on as it is. Variables of the loader
 * are set by the image's own `env`, past the last launcher. Throws SANDBOX_FAILED where an image without `env` has such variables.
 */
export function launchedCommand(command: SandboxCommand): LaunchedCommand {
  const all = command.env.map((text) => {
    const at = text.indexOf('=')
    return [text.slice(0, at), text.slice(at + 1)] as const
  })
  const env = Object.fromEntries(all.filter(([name]) => !LOADER.test(name)))
  const held = all.filter(([name]) => LOADER.test(name)).map((pair) => pair.join('='))
  if (held.length === 0) return { env, args: command.args }
  const program = ['/usr/bin/env', '/bin/env'].find((path) => exists(join(command.root, path)))
  if (!program) {
    const message = `cannot set ${held[0]?.split('=')[0]}: the image has neither /usr/bin/env nor /bin/env`
    throw new TsbuildError('SANDBOX_FAILED', message)
  }
  return { env, args: [program, ...held, ...command.args] }
}

function exists(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined
}
