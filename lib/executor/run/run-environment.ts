import { DEFAULT_PATH } from '../../base/default-path.ts'
import type { RunOp } from '../../graph/types.ts'

/**
 * The environment of a RUN step: the image's variables and build args, proxies, a PATH if there is none, and the
 * variables of mounts. HOME and secrets are added later. The image's own SSH_AUTH_SOCK goes before the one of an
 * agent mount.
 */
export function runEnvironment(op: RunOp, ofMounts: readonly string[]): readonly string[] {
  const variables = [...op.env, ...Object.entries(op.proxy).map(([name, value]) => `${name}=${value}`)]
  const path = hasVariable(variables, 'PATH') ? [] : [`PATH=${DEFAULT_PATH}`]
  const hasAgent = hasVariable(variables, 'SSH_AUTH_SOCK')
  return [...variables, ...path, ...ofMounts.filter((line) => !hasAgent || !line.startsWith('SSH_AUTH_SOCK='))]
}

const hasVariable = (env: readonly string[], name: string): boolean => env.some((line) => line.startsWith(`${name}=`))
