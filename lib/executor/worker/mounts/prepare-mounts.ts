// The mounts of a step: sources on the host, targets in the root.
import { chmodSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { RequestedMount, RunRequest } from '../protocol.ts'
import { cacheSource, openStepCaches, type StepCaches } from './cache-mount.ts'
import { agentSource } from './forward-ssh-agent.ts'
import { hostsFile } from './hosts-file.ts'
import { layerSource } from './layer-mount.ts'
import { type MountPoints, TMPFS_MODE } from './mount-points.ts'
import type { MountingStep, MountSource, StepMount } from './mount-source.ts'
import { resolveMountTarget } from './mount-target.ts'
import { resolvConf } from './resolv-conf.ts'
import { createSecretWriter, type WriteSecret } from './secret-files.ts'
import { writeMountedFile } from './write-mounted-file.ts'

export interface PrepareMountsOptions {
  /** Directory of the root filesystem. */
  readonly root: string
  readonly points: MountPoints
}

/**
 * Prepares all mounts of a step, in the order in which a back-end mounts them: /etc/hosts, /etc/resolv.conf, the
 * script of a heredoc, and the mounts of the request. Errors with `MOUNT_INVALID`, and with the signal's reason while
 * it waits for a locked cache.
 */
export async function prepareMounts(
  step: MountingStep,
  { root, points }: PrepareMountsOptions,
): Promise<readonly StepMount[]> {
  const { request } = step
  const mounts: StepMount[] = []
  const targetOf = (target: string, kind: 'directory' | 'file'): string =>
    resolveMountTarget({ target, kind }, { earlier: mounts, root, points })
  const bind = ({ path, kind, known }: MountSource, target: string, access: { readonly readonly: boolean }): void => {
    mounts.push({ kind: 'bind', source: path, target: targetOf(target, kind), readonly: access.readonly, known })
  }

  const hosts = hostsFile(request.hostname, request.hosts)
  bind(writeMountedFile({ name: 'hosts', content: hosts, mode: 0o644 }, step), '/etc/hosts', READ_ONLY)
  const resolv = { name: 'resolv.conf', content: resolvConf(), mode: 0o644 }
  bind(writeMountedFile(resolv, step), '/etc/resolv.conf', READ_ONLY)
  if (request.script) bind(scriptSource(request.script, step), '/dev/pipes', READ_ONLY)

  const writeSecret = createSecretWriter(step)
  const caches = await openStepCaches(step)
  // A directory is mounted before the mounts inside it, whatever their order in the Dockerfile.
  const ordered = request.mounts.toSorted((a, b) => (a.target < b.target ? -1 : Number(a.target > b.target)))
  for (const [at, mount] of ordered.entries()) {
    if (mount.kind === 'tmpfs' && !mount.readonly) {
      const target = targetOf(mount.target, 'directory')
      const inRoot = !target.startsWith('/dev/') && !mounts.some((outer) => target.startsWith(`${outer.target}/`))
      mounts.push({ kind: 'tmpfs', target, size: mount.size, mode: inRoot ? points.tmpfsMode(target) : TMPFS_MODE })
    } else {
      bind(await sourceOf(mount, at, { step, writeSecret, caches }), mount.target, accessOf(mount))
    }
  }
  return mounts
}

const READ_ONLY = { readonly: true }

/** Secrets are read-only, and an agent's socket is not. */
function accessOf(mount: RequestedMount): { readonly readonly: boolean } {
  if (mount.kind === 'secret') return READ_ONLY
  return mount.kind === 'ssh' ? { readonly: false } : mount
}

interface SourceOptions {
  readonly step: MountingStep
  readonly writeSecret: WriteSecret
  readonly caches: StepCaches
}

/** The source of a request's mount. `at` is the number of the mount, for names of files. */
async function sourceOf(
  mount: RequestedMount,
  at: number,
  { step, writeSecret, caches }: SourceOptions,
): Promise<MountSource> {
  switch (mount.kind) {
    case 'layers':
      return await layerSource(mount, step)
    case 'cache':
      return cacheSource(mount, caches)
    case 'tmpfs':
      return emptyDirectory(join(step.directory, `empty-${at}`))
    case 'secret':
      return writeSecret(mount, `secret-${at}`)
    case 'ssh':
      return await agentSource(mount, `agent-${at}`, step)
  }
}

/** The directory of a heredoc's script, which the command executes from /dev/pipes. */
function scriptSource({ name, text }: NonNullable<RunRequest['script']>, step: MountingStep): MountSource {
  const directory = join(step.directory, 'pipes')
  mkdirSync(directory, { mode: 0o755 })
  writeMountedFile({ name, content: text, mode: 0o755, directory }, step)
  return { path: directory, kind: 'directory' }
}

/** An empty directory, which a step can't tell from a read-only tmpfs. */
function emptyDirectory(path: string): MountSource {
  mkdirSync(path)
  chmodSync(path, TMPFS_MODE)
  return { path, kind: 'directory' }
}
