// `--mount=type=ssh`: the agent socket that is forwarded into the step.
import { TsbuildError } from '../../../base/errors.ts'
import type { RunOptions } from '../../run-options.ts'
import type { PlannedMount, ResolvedMount } from './planned-mount.ts'

/** Errors with `SSH_AGENT_NOT_FOUND` for a required agent that was not given. */
export function planAgent(mount: ResolvedMount, target: string, options: RunOptions): PlannedMount {
  const id = mount.id === '' ? 'default' : mount.id
  const { uid = 0, gid = 0, mode = 0o600 } = mount
  const key = `ssh ${JSON.stringify(id)} ${target} ${uid} ${gid} ${mode}`
  const socket = options.ssh?.[id]
  if (socket !== undefined) return { mount: { kind: 'ssh', target, socket, uid, gid, mode }, key }
  if (!mount.required) return { mount: undefined, key }
  throw new TsbuildError('SSH_AGENT_NOT_FOUND', `no ssh agent was given for ${JSON.stringify(id)}`, {
    hint: `pass one with --ssh ${id}, which forwards $SSH_AUTH_SOCK, or --ssh ${id}=SOCKET`,
  })
}
