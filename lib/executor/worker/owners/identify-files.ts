// The owners of a root's files after the step.
import { lstatSync } from 'node:fs'
import type { FileIdentity, Identify } from '../../../layers/diff/changed-entries.ts'
import type { TreeEntry } from '../../../layers/file-tree.ts'
import { toFsPath } from '../../../layers/paths/path-bytes.ts'
import type { OwnersAfter, OwnershipMethod } from '../../../sandbox/ownership/ownership-method.ts'
import type { SandboxUser } from '../../../sandbox/types.ts'

export interface IdentifyOptions {
  readonly ownership: OwnershipMethod
  readonly after: OwnersAfter
  /** The step's root directory, in which files have the inode numbers that the command saw. */
  readonly root: string
  readonly user: SandboxUser
}

/** Identifies the files of a step's root after the step, by the owners that its ownership method recorded. */
export function identifyFiles({ ownership, after, root, user }: IdentifyOptions): Identify {
  const assumed = (base: TreeEntry | undefined): FileIdentity =>
    ownership.unknown === 'root' ? { uid: 0, gid: 0 } : { uid: base?.uid ?? user.uid, gid: base?.gid ?? user.gid }
  return (path, stat, base) => {
    const disk = { uid: Number(stat.uid), gid: Number(stat.gid) }
    if (ownership.unknown === 'disk' && (after.empty || !stat.isFile())) return disk
    const { dev, ino } = lstatSync(toFsPath(`${root}/${path}`), { bigint: true })
    // overlayfs shows a new name of a lower file with the upper inode, and the old name with the lower inode while
    // that is in the kernel's cache. The captured directory has the upper inode.
    const owner = (stat.nlink > 1n ? after.find({ dev, ino: stat.ino }) : undefined) ?? after.find({ dev, ino })
    const onDisk = Number(stat.mode)
    if (ownership.unknown === 'disk' && !owner?.device) return disk
    // No record says that the disk is right, whatever was unpacked there.
    if (!owner) return ownership.recordsPermissions ? { ...assumed(base), mode: onDisk } : assumed(base)
    const { device, capability, permissions = onDisk & 0o7777 } = owner
    const { uid, gid } = ownership.unknown === 'disk' ? disk : owner
    const mode = ownership.recordsPermissions ? (onDisk & ~0o7777) | permissions : undefined
    if (!device) return { uid, gid, named: true, capability, mode }
    const type = device.type === 'character' ? 0o020000 : 0o060000
    const rdev = deviceNumber(device.major, device.minor)
    return { uid, gid, named: true, capability, mode: permissions | type, rdev }
  }
}

/** Combines the numbers as makedev(3) of Linux does. */
function deviceNumber(major: number, minor: number): number {
  return (minor & 0xff) + (major & 0xfff) * 0x100 + (minor >>> 8) * 0x100000
}
