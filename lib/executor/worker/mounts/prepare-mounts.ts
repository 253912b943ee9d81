// The mounts of a step: sources made ready on the host, targets made ready in the root.
import { chmodSync, chownSync, mkdirSync, statSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { TsbuildError } from '../../../base/errors.ts'
import { ensurePlainLayer } from '../../../layers/index/plain-layer.ts'
import { toFsPath } from '../../../layers/paths/path-bytes.ts'
import { subTree } from '../../../layers/union/sub-tree.ts'
import { unpackRoot } from '../../../layers/unpack/unpack-root.ts'
import type { KnownOwners } from '../../../sandbox/ownership/ownership-method.ts'
import type { SandboxMount } from '../../../sandbox/types.ts'
import { viewOf } from '../../filesystem.ts'
import type { Cleanups } from '../cleanups.ts'
import { knownOwners, mountedOwner } from '../file-owners.ts'
import type { RequestedMount, RunRequest } from '../protocol.ts'
import type { Stacks } from '../root/layer-stacks.ts'
import { mountStack } from '../root/mount-overlay.ts'
import { removeTree } from '../root/remove-tree.ts'
import type { WorkerContext } from '../worker-context.ts'
import { openCache } from './cache-mount-directory.ts'
import { proxyAgent } from './forward-ssh-agent.ts'
import { hostsFile, resolvConf } from './hosts-file.ts'
import { type MountStubs, TMPFS_MODE } from './mount-points.ts'
import { mountTarget } from './mount-target.ts'
import { secretDirectory } from './secret-files.ts'

interface Owner {
  readonly uid: number
  readonly gid: number
}

/** Something of the host that a step will see. */
interface Source {
  readonly path: string
  readonly kind: 'directory' | 'file'
  /** The owners of files of the mount, where the disk may record another one. */
  readonly known?: KnownOwners | undefined
}

export type StepMount = SandboxMount & { readonly known?: KnownOwners | undefined }

const owned = (source: Source, owner: Owner): Source => ({
  ...source,
  known: mountedOwner(source.path, owner),
})

/**
 * Makes the mounts of a step in a root ready: its own, /etc/hosts, /etc/resolv.conf and the script of a heredoc. `scratch` is an empty directory
 * of the step. What has to be undone is added to `cleanups`; `say` is told what the step waits for.
 */
export async function prepareMounts(
  request: RunRequest,
  root: string,
  stubs: MountStubs,
  scratch: string,
  stacks: Stacks,
  cleanups: Cleanups,
  context: WorkerContext,
  say: (text: string) => void,
): Promise<StepMount[]> {
  const mounts: StepMount[] = []
  const targetOf = (target: string, kind: 'directory' | 'file'): string =>
    mountTarget(target, kind, mounts, root, stubs)
  const bind = ({ path, kind, known }: Source, target: string, readonly: boolean): void => {
    mounts.push({ kind: 'bind', source: path, target: targetOf(target, kind), readonly, known })
  }
  let secrets: string | undefined
  const file = (name: string, content: Uint8Array | string, mode: number, owner?: Owner, at = scratch): Source => {
    const path = join(at, name)
    writeFileSync(path, content, { mode: 0o600, flag: 'wx' })
    if (owner && context.owners) chownSync(path, owner.uid, owner.gid)
    chmodSync(path, mode)
    return owned({ path, kind: 'file' }, owner ?? { uid: 0, gid: 0 })
  }

  bind(file('hosts', hostsFile(request.hostname, request.hosts), 0o644), '/etc/hosts', true)
  bind(file('resolv.conf', resolvConf(), 0o644), '/etc/resolv.conf', true)
  if (request.script) {
    const directory = join(scratch, 'pipes')
    mkdirSync(directory, { mode: 0o755 })
    file(`pipes/${request.script.name}`, request.script.text, 0o755)
    bind({ path: directory, kind: 'directory' }, '/dev/pipes', true)
  }
  // A directory is mounted before what is mounted in it, in whatever order they are written.
  const inOrder = request.mounts.toSorted((a, b) => (a.target < b.target ? -1 : Number(a.target > b.target)))
  for (const [at, mount] of inOrder.entries()) {
    switch (mount.kind) {
      case 'layers':
        bind(await layersSource(mount, stacks, cleanups, context), mount.target, mount.readonly)
        break
      case 'cache': {
        const { path, release } = await openCache(context.caches, mount, {
          owners: context.owners,
          signal: context.signal,
          temporary: context.temporary,
          fill: (directory) => fillCache(mount, directory, stacks, context),
          onWait: () => say(`waiting for the cache ${JSON.stringify(mount.target)}, which another step has locked\n`),
        })
        cleanups.add(release)
        bind(owned({ path: join(process.cwd(), path), kind: 'directory' }, mount), mount.target, mount.readonly)
        break
      }
      case 'tmpfs': {
        if (mount.readonly) {
          bind(emptyDirectory(join(scratch, `empty-${at}`)), mount.target, true)
          break
        }
        const target = targetOf(mount.target, 'directory')
        const inRoot = !target.startsWith('/dev/') && !mounts.some((outer) => target.startsWith(`${outer.target}/`))
        mounts.push({ kind: 'tmpfs', target, size: mount.size, mode: inRoot ? stubs.tmpfsMode(target) : TMPFS_MODE })
        break
      }
      case 'secret': {
        const content = Buffer.from(mount.content, 'base64')
        secrets ??= secretDirectory(scratch, cleanups, context)
        bind(file(`secret-${at}`, content, mount.mode, mount, secrets), mount.target, true)
        break
      }
      case 'ssh': {
        const path = join(scratch, `agent-${at}`)
        const owner = context.owners ? mount : undefined
        cleanups.add(await proxyAgent(relative('.', path), mount.socket, { owner, mode: mount.mode }))
        bind(owned({ path, kind: 'file' }, mount), mount.target, false)
        break
      }
    }
  }
  return mounts
}

/** Nobody can tell a read-only tmpfs from it. */
function emptyDirectory(path: string): Source {
  mkdirSync(path)
  chmodSync(path, TMPFS_MODE)
  return { path, kind: 'directory' }
}

async function layersSource(
  mount: Extract<RequestedMount, { kind: 'layers' }>,
  stacks: Stacks,
  cleanups: Cleanups,
  context: WorkerContext,
): Promise<Source> {
  const filesystem = stacks(mount.layers)
  const view = await viewOf(filesystem, context)
  if (!context.overlay) {
    const base = context.temporary()
    await unpackPart(mount, join(base, 'tree'), stacks, context)
    cleanups.add(() => removeTree(base))
    const tree = subTree(view, mount.source, 'source')
    return { ...sourceAt(join(base, 'tree', 'source')), known: knownOwners(tree, join(base, 'tree')) }
  }
  const { directory, upper, close } = await mountStack(filesystem, context.overlay, context)
  cleanups.add(() => close(() => removeTree(upper)))
  const source = sourceAt(mount.source === '' ? directory : `${directory}/${mount.source}`)
  return { ...source, known: knownOwners(view, directory) }
}

async function fillCache(
  mount: Extract<RequestedMount, { kind: 'cache' }>,
  directory: string,
  stacks: Stacks,
  context: WorkerContext,
): Promise<void> {
  if (mount.layers.length === 0) return
  const view = await viewOf(stacks(mount.layers), context)
  for (const layer of mount.layers) await ensurePlainLayer(context.store, layer, context.signal)
  if (view.lookup(mount.source)?.type === 'file') {
    throw new TsbuildError('MOUNT_INVALID', `the source ${JSON.stringify(mount.source)} of a cache is not a directory`)
  }
  const tree = subTree(view, mount.source, '')
  await unpackRoot(tree, directory, { owners: context.owners, signal: context.signal })
}

async function unpackPart(
  mount: Extract<RequestedMount, { kind: 'layers' }>,
  directory: string,
  stacks: Stacks,
  context: WorkerContext,
): Promise<void> {
  const view = await viewOf(stacks(mount.layers), context)
  for (const layer of mount.layers) await ensurePlainLayer(context.store, layer, context.signal)
  mkdirSync(directory)
  const { signal, owners } = context
  await unpackRoot(subTree(view, mount.source, 'source'), directory, { owners, signal })
}

function sourceAt(path: string): Source {
  // The path is resolved in the layers: nothing on it is a symlink, so this looks at what is meant.
  return { path, kind: statSync(toFsPath(path)).isDirectory() ? 'directory' : 'file' }
}
