// Whose the files of a step are, where the disk can't say: see sandbox/ownership/ownership-method.ts.
import { lstatSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { FileIdentity, Identify } from '../../layers/diff/changed-entries.ts'
import { CAPABILITY, type SourceEntry } from '../../layers/entry.ts'
import type { FileTree, TreeEntry } from '../../layers/file-tree.ts'
import { toFsPath } from '../../layers/paths/path-bytes.ts'
import { treeEntries } from '../../layers/union/tree-entries.ts'
import { writeNativeCapabilities } from '../../sandbox/native/file-capabilities.ts'
import { findNative } from '../../sandbox/native/find-helper.ts'
import { probeNative } from '../../sandbox/native/probe-helper.ts'
import { chooseOwnership, type OwnershipMeans } from '../../sandbox/ownership/choose-ownership-method.ts'
import { findFakeroot } from '../../sandbox/ownership/fakeroot-ownership.ts'
import type { InodeKey, InodeOwner, OwnersAfter, OwnershipSource } from '../../sandbox/ownership/ownership-method.ts'
import type { Backend, Place, SandboxUser } from '../../sandbox/types.ts'

/** What there is to record owners with, apart from the root of a step. */
export type StepMeans = Omit<OwnershipMeans, 'fakeroot'> & {
  readonly fakeroot: Awaited<ReturnType<typeof findFakeroot>>
}

/** Finds out what a back-end can record owners with; `directory` is an empty one where roots will be. */
export async function findMeans(place: Place, backend: Backend, directory: string): Promise<StepMeans> {
  const onDisk = place.mapping === 'root' || place.mapping === 'multiple'
  const path = onDisk || !backend.program.startsWith('tsbuild-sandbox') ? undefined : findNative()
  const helper = path !== undefined && (await probeNative(path)).ownership
  const realCapabilities = path !== undefined && canSetCapability(path, directory)
  return { place, backend, helper, realCapabilities, fakeroot: onDisk ? undefined : await findFakeroot() }
}

// cap_net_raw=ep, in revision 2 of the kernel's linux/capability.h.
const SOME_CAPABILITY = Buffer.from('0100000200200000000000000000000000000000', 'hex')

function canSetCapability(helper: string, directory: string): boolean {
  writeFileSync(join(directory, 'capability'), '')
  return writeNativeCapabilities(helper, directory, [{ path: 'capability', value: SOME_CAPABILITY }]).length === 0
}

/** Where the owners of a step in this root come from. */
export function ownershipOf(root: string, means: StepMeans): OwnershipSource {
  const { fakeroot } = means
  const modeOf = modesOf(root)
  return chooseOwnership(root, { ...means, fakeroot: fakeroot && { ...fakeroot, modeOf } })
}

/** Files of a tree that don't just belong to root, as its directory on disk numbers them; `root` is the one of the step. */
export function* knownOwners(
  view: FileTree,
  directory: string,
  root: string = directory,
): Generator<readonly [InodeKey, InodeOwner]> {
  for (const entry of treeEntries(view)) {
    const owner = ownerOf(entry)
    const stat = owner && lstatSync(toFsPath(`${directory}/${entry.path}`), { bigint: true, throwIfNoEntry: false })
    if (!stat) continue
    noteMode(root, stat)
    yield [{ dev: stat.dev, ino: stat.ino }, owner]
  }
}

/** The owner of a file that is mounted in a root. */
export function mountedOwner(
  path: string,
  { uid, gid }: { readonly uid: number; readonly gid: number },
  root: string,
): readonly [InodeKey, InodeOwner] {
  const stat = lstatSync(path, { bigint: true })
  noteMode(root, stat)
  return [
    { dev: stat.dev, ino: stat.ino },
    { uid, gid },
  ]
}

function ownerOf({ type, uid, gid, xattrs, devMajor = 0, devMinor = 0 }: SourceEntry): InodeOwner | undefined {
  const capability = xattrs?.[CAPABILITY]
  const device =
    type === 'character' || type === 'block' ? ({ type, major: devMajor, minor: devMinor } as const) : undefined
  if (type === 'hardlink' || (uid === 0 && gid === 0 && !device && !capability)) return undefined
  return { uid, gid, device, capability }
}

/** Modes of the files that were named last, by root: fakeroot wants them, and they were looked at for their numbers anyway. */
const modes = new Map<string, Map<string, number>>()

function noteMode(root: string, { dev, ino, mode }: InodeKey & { readonly mode: bigint }): void {
  const known = modes.get(root) ?? new Map<string, number>()
  modes.set(root, known.set(`${dev}:${ino}`, Number(mode)))
}

function modesOf(root: string): (key: InodeKey) => number {
  return ({ dev, ino }) => modes.get(root)?.get(`${dev}:${ino}`) ?? 0o100644
}

/** Forgets what was noted of a root. */
export function forgetRoot(root: string): void {
  modes.delete(root)
}

/** Tells owners after a step, and which files have capabilities that the disk doesn't have. */
export interface StepOwners {
  readonly identify: Identify
  /** By path, filled by `identify`. */
  readonly capabilities: ReadonlyMap<string, Uint8Array>
  /** Paths whose owners the source named, filled by `identify`: of a file with several names it may know only some. */
  readonly named: ReadonlySet<string>
}

export function stepOwners(source: OwnershipSource, after: OwnersAfter, root: string, user: SandboxUser): StepOwners {
  const capabilities = new Map<string, Uint8Array>()
  const named = new Set<string>()
  const unknown = (base: TreeEntry | undefined): FileIdentity => {
    const isRoots = base?.uid === 0 && base.gid === 0
    if (source.unknown === 'root' || (source.unknown === 'user' && isRoots)) return { uid: 0, gid: 0 }
    if (source.unknown === 'user') return { uid: user.uid, gid: user.gid }
    return { uid: base?.uid ?? user.uid, gid: base?.gid ?? user.gid }
  }
  const identify: Identify = (path, stat, base) => {
    if (source.unknown === 'disk') return { uid: Number(stat.uid), gid: Number(stat.gid) }
    // Through the root, which numbers files as the command saw them.
    const { dev, ino } = lstatSync(toFsPath(`${root}/${path}`), { bigint: true })
    // overlayfs numbers a new name of a file from below as the upper one's, and the old name as the lower one's for as long as it knows it.
    const owner = (stat.nlink > 1n ? after.find({ dev, ino: stat.ino }) : undefined) ?? after.find({ dev, ino })
    // It says root of any file that it first hears of by chmod.
    const isUnsure = source.unknown === 'user' && owner?.uid === 0 && owner.gid === 0 && !owner.device
    if (!owner || isUnsure) return unknown(base)
    named.add(path)
    const { uid, gid, device, capability } = owner
    if (capability) capabilities.set(path, capability)
    if (!device) return { uid, gid }
    const type = device.type === 'character' ? 0o020000 : 0o060000
    return { uid, gid, mode: (Number(stat.mode) & 0o7777) | type, rdev: deviceNumber(device.major, device.minor) }
  }
  return { identify, capabilities, named }
}

/** As makedev(3) of Linux puts it together. */
function deviceNumber(major: number, minor: number): number {
  return (minor & 0xff) + (major & 0xfff) * 0x100 + (minor >>> 8) * 0x100000
}
