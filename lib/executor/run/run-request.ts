// The request to the worker that runs the command of a RUN step.
import type { RunOp } from '../../graph/types.ts'
import type { WantedEncoding } from '../../layers/layer-sink.ts'
import { layersOf } from '../filesystem.ts'
import { DEFAULT_LOG_LIMIT } from '../run-options.ts'
import type { Filesystem, Session, StepResult } from '../session.ts'
import type { Below } from '../why/explain-parts.ts'
import type { RunRequest } from '../worker/protocol.ts'
import type { PlannedRun } from './mounts/plan-mounts.ts'
import { runEnvironment } from './run-environment.ts'

/** A RUN vertex with its inputs. */
export interface RunStep {
  /** The id of the vertex. */
  readonly id: string
  readonly op: RunOp
  readonly filesystem: Filesystem
  /** The results that mounts take files from, in the order of the mounts. */
  readonly sources: readonly StepResult[]
  readonly below: Below
}

/** Bytes of /dev/shm in a container of Docker. */
const SHM_SIZE = 64 * 1024 * 1024

/** JSON has no infinity. */
const limitOf = (limit: number): number | undefined => (Number.isFinite(limit) ? limit : undefined)

/** The host name of steps in BuildKit. */
const HOSTNAME = 'buildkitsandbox'

export function runRequest(
  { id, op, filesystem }: Pick<RunStep, 'id' | 'op' | 'filesystem'>,
  { planned, wanted }: { readonly planned: PlannedRun; readonly wanted: WantedEncoding },
  { run, epoch }: Session,
): Omit<RunRequest, 'reuse'> {
  const logLimit = { ...DEFAULT_LOG_LIMIT, ...run.logLimit }
  const network = op.network ?? run.network ?? 'default'
  // As with docker, a requested size makes a mount of its own.
  const shm =
    run.shmSize === undefined
      ? []
      : [{ kind: 'tmpfs', target: '/dev/shm', size: run.shmSize, readonly: false } as const]
  return {
    kind: 'run',
    step: id,
    layers: layersOf(filesystem).map(({ layer }) => layer),
    args: op.args,
    script: op.script,
    env: runEnvironment(op, planned.env),
    secretEnv: planned.secretEnv,
    workdir: op.workdir,
    user: op.user,
    mounts: [...planned.mounts.flatMap(({ mount }) => mount ?? []), ...shm],
    // The default is the host's network, as in BuildKit without a CNI provider.
    network: network === 'none' ? 'none' : 'host',
    insecure: op.security === 'insecure',
    hosts: (run.extraHosts ?? []).map(({ host, address }) => ({
      host,
      address: address === 'host-gateway' ? '127.0.0.1' : address,
    })),
    hostname: run.hostname ?? HOSTNAME,
    resourceLimits: run.resourceLimits ?? [],
    controlLimits: run.controlLimits ?? {},
    shmSize: SHM_SIZE,
    encoding: wanted,
    timestamp: epoch,
    keepFailed: run.keepFailed ?? false,
    logLimit: { bytes: limitOf(logLimit.bytes), bytesPerSecond: limitOf(logLimit.bytesPerSecond) },
  }
}
