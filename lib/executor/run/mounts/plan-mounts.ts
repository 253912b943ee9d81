// From a RUN of the graph to what its worker needs: mounts found, secrets read, environment complete.

import { TsbuildError } from '../../../base/errors.ts'
import { baseName, cleanPath } from '../../../base/paths.ts'
import type { RunOp } from '../../../graph/types.ts'
import type { FileTree } from '../../../layers/file-tree.ts'
import { resolvePath } from '../../../layers/paths/resolve-path.ts'
import { subTree } from '../../../layers/union/sub-tree.ts'
import { treeEntries } from '../../../layers/union/tree-entries.ts'
import type { Layer } from '../../../oci/types.ts'
import { contentKey } from '../../content-key.ts'
import { layersOf, stackKey, viewOf } from '../../filesystem.ts'
import { produceLayer } from '../../produce-layer.ts'
import { readSecret } from '../../read-secret.ts'
import type { RunOptions } from '../../run-options.ts'
import type { OpenedContext, Session, StepResult } from '../../session.ts'
import type { RequestedMount } from '../../worker/protocol.ts'

type ResolvedMount = RunOp['mounts'][number]

/** A mount, and what of it the step's cache key depends on. */
export interface PlannedMount {
  readonly mount: RequestedMount | undefined
  readonly key: string
}

export interface PlannedRun {
  readonly mounts: readonly PlannedMount[]
  readonly env: readonly string[]
  readonly secretEnv: readonly string[]
}

/**
 * Finds what the mounts of a RUN mean. `sources` are the results that they take files from, in their order. Errors with
 * `MOUNT_INVALID`, `SECRET_NOT_FOUND`, `SSH_AGENT_NOT_FOUND`.
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
        mounts.push(await planBind(mount, op.workdir, source, session))
        break
      case 'cache':
        mounts.push(await planCache(mount, op.workdir, source, session))
        break
      case 'tmpfs':
        mounts.push(planTmpfs(mount, op.workdir))
        break
      case 'secret': {
        const { planned, variable } = planSecret(mount, session.run)
        if (planned) mounts.push(planned)
        if (variable !== undefined) secretEnv.push(variable)
        break
      }
      case 'ssh': {
        const target = mount.target === '' ? `/run/buildkit/ssh_agent.${agents++}` : absolute(mount.target, '/')
        const planned = planAgent(mount, target, session.run)
        mounts.push(planned)
        if (planned.mount && !env.some((line) => line.startsWith('SSH_AUTH_SOCK='))) env.push(`SSH_AUTH_SOCK=${target}`)
        break
      }
    }
  }
  return { mounts, env, secretEnv }
}

async function planBind(
  mount: ResolvedMount,
  workdir: string,
  source: StepResult | undefined,
  session: Session,
): Promise<PlannedMount> {
  if (!source) throw new Error('bug: a bind mount without a source')
  const target = absolute(mount.target, workdir)
  const { layers, path, key } = await findTree(mount, source, session)
  return {
    mount: { kind: 'layers', target, layers, source: path, readonly: mount.readonly },
    key: `bind ${target} ${mount.readonly ? 'ro' : 'rw'} ${key}`,
  }
}

async function planCache(
  mount: ResolvedMount,
  workdir: string,
  source: StepResult | undefined,
  session: Session,
): Promise<PlannedMount> {
  const target = absolute(mount.target, workdir)
  const from = source && (await findTree(mount, source, session))
  if (!from && !['', '/', '.'].includes(mount.source)) throw sourceMissing(mount, undefined)
  const seed = from ? from.key : 'empty'
  const { uid, gid, mode, readonly } = mount
  const access = [readonly ? 'ro' : 'rw', uid ?? '', gid ?? '', mode ?? ''].join(' ')
  // As in BuildKit: a cache that begins with other files, or with another owner, is another cache.
  const origin = from || uid !== undefined || gid !== undefined || mode !== undefined ? [seed, uid, gid, mode] : []
  const name = [mount.id === '' ? target : mount.id, ...origin]
  const namespace = session.run.cacheNamespace
  return {
    mount: {
      kind: 'cache',
      target,
      id: JSON.stringify(namespace ? { [namespace]: name } : name),
      sharing: mount.sharing ?? 'shared',
      layers: from?.layers ?? [],
      source: from?.path ?? '',
      readonly,
      uid: uid ?? 0,
      gid: gid ?? 0,
      // As in BuildKit, which makes the directory without special bits.
      mode: (mode ?? 0o755) & 0o777,
    },
    key: `cache ${target} ${access} ${seed}`,
  }
}

function planTmpfs(mount: ResolvedMount, workdir: string): PlannedMount {
  const target = absolute(mount.target, workdir)
  const size = mount.size === 0 ? undefined : mount.size
  const { readonly } = mount
  return {
    mount: { kind: 'tmpfs', target, size, readonly },
    key: `tmpfs ${target} ${mount.size} ${readonly ? 'ro' : 'rw'}`,
  }
}

function planSecret(
  mount: ResolvedMount,
  options: RunOptions,
): { readonly planned: PlannedMount | undefined; readonly variable: string | undefined } {
  const id = mount.source || mount.id || lastName(mount.target)
  const asFile = mount.env === undefined || mount.target !== ''
  const target = absolute(mount.target === '' ? `/run/secrets/${lastName(id)}` : mount.target, '/')
  const { uid = 0, gid = 0, mode = 0o400 } = mount
  // Never the value: who changes a secret does not want to build everything again, and a digest of it would tell too
  // much.
  const key = `secret ${JSON.stringify(id)} ${asFile ? target : ''} ${mount.env ?? ''} ${uid} ${gid} ${mode}`
  const source = options.secrets?.[id]
  const bytes = source && readSecret(id, source)
  if (!bytes) {
    if (!mount.required) return { planned: { mount: undefined, key }, variable: undefined }
    throw new TsbuildError('SECRET_NOT_FOUND', `the secret ${JSON.stringify(id)} was not given`, {
      hint: `pass it with --secret id=${id},src=FILE or --secret id=${id},env=NAME`,
    })
  }
  const content = Buffer.from(bytes).toString('base64')
  const planned: PlannedMount = {
    mount: asFile ? { kind: 'secret', target, content, uid, gid, mode } : undefined,
    key,
  }
  const variable =
    mount.env === undefined ? undefined : `${mount.env === '' ? id : mount.env}=${Buffer.from(bytes).toString()}`
  return { planned, variable }
}

function planAgent(mount: ResolvedMount, target: string, options: RunOptions): PlannedMount {
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

interface FoundTree {
  readonly layers: readonly Layer[]
  /** Resolved, in the form of entry.ts. */
  readonly path: string
  /** Changes when what is there changes. */
  readonly key: string
}

/**
 * What a mount's `from` and `source` name. Files of a context become a layer of their own, so that they stay as they
 * are.
 */
async function findTree(mount: ResolvedMount, source: StepResult, session: Session): Promise<FoundTree> {
  if (source.kind === 'context') return await contextTree(mount, source.context, source.name, session)
  const view = await viewOf(source.filesystem, session)
  const path = resolvePath(view, mount.source, { followLast: true })
  if (path !== '' && !view.lookup(path)) throw sourceMissing(mount, undefined)
  const layers = layersOf(source.filesystem).map(({ layer }) => layer)
  return { layers, path, key: treeKey(view, path) ?? stackKey(source.filesystem) }
}

const STAGED = 'source'

async function contextTree(
  mount: ResolvedMount,
  context: OpenedContext,
  name: string,
  session: Session,
): Promise<FoundTree> {
  const path = resolvePath(context.tree, mount.source, { followLast: true })
  if (path !== '' && !context.tree.lookup(path)) throw sourceMissing(mount, context.explainMissing?.(path))
  const entries = [...treeEntries(subTree(context.tree, path, STAGED))]
  const plan = { step: 'RUN', definition: `mount ${name} ${JSON.stringify(path)}`, entries, root: context.disk?.root }
  const { layer } = await produceLayer(plan, 'any', session)
  return { layers: [layer.layer], path: STAGED, key: layer.layer.diffID }
}

/** Undefined where the content of a file is not known. */
function treeKey(tree: FileTree, path: string): string | undefined {
  return contentKey([...treeEntries(subTree(tree, path, STAGED))])
}

function sourceMissing(mount: ResolvedMount, why: string | undefined): TsbuildError {
  const from = mount.from === '' ? 'the build context' : JSON.stringify(mount.from)
  return new TsbuildError('MOUNT_INVALID', `the mount's source ${JSON.stringify(mount.source)} is not in ${from}`, {
    hint: why,
  })
}

/** Clean and absolute; `..` stops at the root. */
function absolute(path: string, base: string): string {
  return `/${cleanPath(path.startsWith('/') ? path : `${base}/${path}`)}`
}

/** As Go's path.Base: a slash at the end does not count. */
const lastName = (path: string): string => baseName(path.replace(/\/+$/, ''))
