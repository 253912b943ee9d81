// Whose the files of a step are, where the disk can't say: see sandbox/ownership/ownership-method.ts.
import { lstatSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { FileIdentity, Identify } from '../../layers/diff/changed-entries.ts'
import { CAPABILITY, type SourceEntry } from '../../layers/entry.ts'
import type { FileTree, TreeEntry } from '../../layers/file-tree.ts'
import { toFsPath } from '../../layers/paths/path-bytes.ts'
import { treeEntries } from '../../layers/union/tree-entries.ts'
import { writeFileCapabilities } from '../../sandbox/native/file-capabilities.ts'
import { findHelper } from '../../sandbox/native/find-helper.ts'
import { probeHelper } from '../../sandbox/native/probe-helper.ts'
import type { OwnershipOptions } from '../../sandbox/ownership/choose-ownership-method.ts'
import { findFakeroot } from '../../sandbox/ownership/fakeroot-ownership.ts'
import type {
  InodeKey,
  InodeOwner,
  KnownOwner,
  OwnersAfter,
  OwnershipMethod,
} from '../../sandbox/ownership/ownership-method.ts'
import type { Backend, SandboxUser, WorkerNamespaces } from '../../sandbox/types.ts'

/** Finds out what a back-end can record owners with; `directory` is an empty one where roots will be. */
export async function findMeans(
  namespaces: WorkerNamespaces,
  backend: Backend,
  directory: string,
): Promise<OwnershipOptions> {
  const onDisk = namespaces.mapping === 'root' || namespaces.mapping === 'multiple'
  const path = onDisk || !backend.program.startsWith('tsbuild-sandbox') ? undefined : findHelper()
  const helper = path !== undefined && (await probeHelper(path)).ownership
  const realCapabilities = path !== undefined && canSetCapability(path, directory)
  return { namespaces, backend, helper, realCapabilities, fakeroot: onDisk ? undefined : await findFakeroot() }
}

// cap_net_raw=ep, in revision 2 of the kernel's linux/capability.h.
const SOME_CAPABILITY = Buffer.from('0100000200200000000000000000000000000000', 'hex')

function canSetCapability(helper: string, directory: string): boolean {
  writeFileSync(join(directory, 'capability'), '')
  return writeFileCapabilities(helper, directory, [{ path: 'capability', value: SOME_CAPABILITY }]).length === 0
}

/** The files of a tree that don't just belong to root, by their inodes in the directory that holds the tree. */
export function* knownOwners(view: FileTree, directory: string): Generator<readonly [InodeKey, KnownOwner]> {
  for (const entry of treeEntries(view)) {
    const owner = ownerOf(entry)
    const stat = owner && lstatSync(toFsPath(`${directory}/${entry.path}`), { bigint: true, throwIfNoEntry: false })
    if (!stat) continue
    yield [
      { dev: stat.dev, ino: stat.ino },
      { ...owner, mode: Number(stat.mode) },
    ]
  }
}

/** The owner of a file that is mounted in a root, by the inode of the file. */
export function* mountedOwner(
  path: string,
  { uid, gid }: { readonly uid: number; readonly gid: number },
): Generator<readonly [InodeKey, KnownOwner]> {
  const { dev, ino, mode } = lstatSync(path, { bigint: true })
  yield [
    { dev, ino },
    { uid, gid, mode: Number(mode) },
  ]
}

function ownerOf({ type, uid, gid, xattrs, devMajor = 0, devMinor = 0 }: SourceEntry): InodeOwner | undefined {
  const capability = xattrs?.[CAPABILITY]
  const device =
    type === 'character' || type === 'block' ? ({ type, major: devMajor, minor: devMinor } as const) : undefined
  if (type === 'hardlink' || (uid === 0 && gid === 0 && !device && !capability)) return undefined
  return { uid, gid, device, capability }
}

/** Identifies the files of a step's root after the step, by what its ownership source recorded. */
export function identifyFiles({
  source,
  after,
  root,
  user,
}: {
  readonly source: OwnershipMethod
  readonly after: OwnersAfter
  /** The step's root directory, in which files have the inode numbers that the command saw. */
  readonly root: string
  readonly user: SandboxUser
}): Identify {
  const assumed = (base: TreeEntry | undefined): FileIdentity => {
    const isRoots = base?.uid === 0 && base.gid === 0
    if (source.unknown === 'root' || (source.unknown === 'user' && isRoots)) return { uid: 0, gid: 0 }
    if (source.unknown === 'user') return { uid: user.uid, gid: user.gid }
    return { uid: base?.uid ?? user.uid, gid: base?.gid ?? user.gid }
  }
  return (path, stat, base) => {
    if (source.unknown === 'disk') return { uid: Number(stat.uid), gid: Number(stat.gid) }
    const { dev, ino } = lstatSync(toFsPath(`${root}/${path}`), { bigint: true })
    // For a new name of a lower file, overlayfs reports the upper inode. For the old name it reports the lower inode, while it remembers it.
    const owner = (stat.nlink > 1n ? after.find({ dev, ino: stat.ino }) : undefined) ?? after.find({ dev, ino })
    // fakeroot reports root for every file that it first meets in a chmod.
    const isUnsure = source.unknown === 'user' && owner?.uid === 0 && owner.gid === 0 && !owner.device
    if (!owner || isUnsure) return assumed(base)
    const { uid, gid, device, capability } = owner
    if (!device) return { uid, gid, named: true, capability }
    const type = device.type === 'character' ? 0o020000 : 0o060000
    const rdev = deviceNumber(device.major, device.minor)
    return { uid, gid, named: true, capability, mode: (Number(stat.mode) & 0o7777) | type, rdev }
  }
}

/** As makedev(3) of Linux puts it together. */
function deviceNumber(major: number, minor: number): number {
  return (minor & 0xff) + (major & 0xfff) * 0x100 + (minor >>> 8) * 0x100000
}
