// Plans the mounts of a RUN step: sources are found, secrets are read.
import type { RunOp } from '../../../graph/types.ts'
import type { Session, StepResult } from '../../session.ts'
import { planBind } from './plan-bind.ts'
import { planCache } from './plan-cache.ts'
import { planSecret } from './plan-secret.ts'
import { planAgent } from './plan-ssh.ts'
import { planTmpfs } from './plan-tmpfs.ts'
import { absolutePath, type PlannedMount } from './planned-mount.ts'

export type { PlannedMount } from './planned-mount.ts'

export interface PlannedRun {
  readonly mounts: readonly PlannedMount[]
  /** Variables that mounts add to the environment. */
  readonly env: readonly string[]
  /** Variables that hold secrets. */
  readonly secretEnv: readonly string[]
}

/**
 * Plans all mounts of a step. `sources` are the results that the mounts take files from, in the order of the
 * mounts. Errors with `MOUNT_INVALID`, `SECRET_NOT_FOUND`, `SSH_AGENT_NOT_FOUND`.
 */
export async function planMounts(op: RunOp, sources: readonly StepResult[], session: Session): Promise<PlannedRun> {
  const mounts: PlannedMount[] = []
  const env: string[] = []
  const secretEnv: string[] = []
  const pending = [...sources]
  let agents = 0
  for (const mount of op.mounts) {
    const source = mount.from !== '' || mount.type === 'bind' ? pending.shift() : undefined
    switch (mount.type) {
      case 'bind':
        mounts.push(await planBind(mount, { workdir: op.workdir, source }, session))
        break
      case 'cache':
        mounts.push(await planCache(mount, { workdir: op.workdir, source }, session))
        break
      case 'tmpfs':
        mounts.push(planTmpfs(mount, op.workdir))
        break
      case 'secret': {
        const { planned, variable } = planSecret(mount, op.workdir, session)
        if (planned) mounts.push(planned)
        if (variable !== undefined) secretEnv.push(variable)
        break
      }
      case 'ssh': {
        const target =
          mount.target === '' ? `/run/buildkit/ssh_agent.${agents++}` : absolutePath(mount.target, op.workdir)
        const planned = planAgent(mount, target, session.run)
        mounts.push(planned)
        if (planned.mount && !env.some((line) => line.startsWith('SSH_AUTH_SOCK='))) env.push(`SSH_AUTH_SOCK=${target}`)
        break
      }
    }
  }
  return { mounts, env, secretEnv }
}
