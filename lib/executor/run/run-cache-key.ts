// The cache key of a RUN step, and the key of its command alone.
import { cacheKey, type KeyPart } from '../../cache/cache-key.ts'
import type { RunOp, Vertex } from '../../graph/types.ts'
import { formatPlatform, normalisePlatform } from '../../oci/platform.ts'
import type { CacheKey } from '../../oci/types.ts'
import { stackKey } from '../filesystem.ts'
import type { Filesystem, Session } from '../session.ts'
import type { PlannedMount } from './mounts/plan-mounts.ts'

export interface KeyWithParts {
  readonly key: CacheKey
  readonly parts: readonly KeyPart[]
}

/**
 * The key of a step's layer: the command, its environment and mounts, and the layers below. Values of secrets are
 * never a part.
 */
export function runKey(
  op: RunOp,
  { filesystem, mounts }: { readonly filesystem: Filesystem; readonly mounts: readonly PlannedMount[] },
  { run, epoch }: Session,
): KeyWithParts {
  const parts = [
    commandPart(op),
    { label: 'environment', value: JSON.stringify([...op.env].sort()) },
    { label: 'platform', value: formatPlatform(normalisePlatform(op.platform)) },
    { label: 'user', value: op.user },
    { label: 'working directory', value: op.workdir },
    { label: 'mounts', value: JSON.stringify(mounts.map((mount) => mount.key)) },
    { label: 'network', value: op.network ?? run.network ?? 'default' },
    { label: 'security', value: op.security ?? 'sandbox' },
    // As in BuildKit, the names of hosts are a part, and their addresses are not.
    { label: 'hosts', value: JSON.stringify((run.extraHosts ?? []).map(({ host }) => host)) },
    { label: 'limits', value: JSON.stringify([run.resourceLimits ?? [], run.controlLimits ?? {}, run.shmSize ?? 0]) },
    { label: 'host name', value: run.hostname ?? '' },
    { label: 'timestamps', value: epoch === undefined ? 'source' : String(epoch) },
    { label: 'layers below', value: stackKey(filesystem) },
  ]
  return { key: cacheKey('RUN', parts), parts }
}

/** The key of a command, whatever it runs on. */
export function commandKey(op: RunOp): KeyWithParts {
  const parts = [commandPart(op)]
  return { key: cacheKey('RUN definition', parts), parts }
}

function commandPart(op: RunOp): KeyPart {
  return { label: 'command', value: JSON.stringify([op.args, op.script ?? null]) }
}

/**
 * Whether a step surely needs a worker: it is a RUN without the cache, or one whose command never ran before. An
 * imported cache may have any.
 */
export function isUncachedRun({ op }: Vertex, { store, noCache, caches }: UncachedRunOptions): boolean {
  if (op.kind !== 'run') return false
  return noCache || (!caches?.isImporting && store.records.find(commandKey(op).key) === undefined)
}

type UncachedRunOptions = Pick<Session, 'store' | 'noCache' | 'caches'>
