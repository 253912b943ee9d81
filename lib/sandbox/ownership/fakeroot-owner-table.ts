// fakeroot's table of owners, its save file: a line an inode; see faked(1).
import type { InodeKey, InodeOwner, KnownOwners } from './ownership-method.ts'

const LINE = /^dev=([0-9a-f]+),ino=(\d+),mode=([0-7]+),uid=(\d+),gid=(\d+),nlink=(\d+),rdev=(\d+)$/
const TYPES = { character: 0o020000, block: 0o060000 } as const

/**
 * A line for each owner. fakeroot shows the modes in it instead of the disk's. Capabilities are left out: fakeroot
 * keeps none.
 */
export function formatFakerootTable(owners: KnownOwners): string {
  const lines = Array.from(owners, ([key, { uid, gid, device, mode: onDisk }]) => {
    const mode = device ? TYPES[device.type] | (onDisk & 0o7777) : onDisk
    const rdev = device ? encodeDevice(device.major, device.minor) : 0
    const inode = `dev=${key.dev.toString(16)},ino=${key.ino}`
    return `${inode},mode=${mode.toString(8)},uid=${uid},gid=${gid},nlink=1,rdev=${rdev}\n`
  })
  return lines.join('')
}

/** The entries of a save file; undefined for anything else. */
export function parseFakerootTable(text: string): readonly (readonly [InodeKey, InodeOwner])[] | undefined {
  if (text !== '' && !text.endsWith('\n')) return undefined
  const lines = text.split('\n').filter((line) => line !== '')
  const entries = lines.flatMap((line) => parseLine(line) ?? [])
  return entries.length === lines.length ? entries : undefined
}

function parseLine(line: string): (readonly [InodeKey, InodeOwner])[] | undefined {
  const [, dev, ino, mode, uid, gid, , rdev] = LINE.exec(line) ?? []
  if (dev === undefined || ino === undefined || mode === undefined) return undefined
  const type = Number.parseInt(mode, 8) & 0o170000
  const isDevice = type === TYPES.character || type === TYPES.block
  const numbers = decodeDevice(Number(rdev))
  const device = isDevice
    ? { type: type === TYPES.block ? ('block' as const) : ('character' as const), ...numbers }
    : undefined
  return [
    [
      { dev: BigInt(`0x${dev}`), ino: BigInt(ino) },
      { uid: Number(uid), gid: Number(gid), device },
    ],
  ]
}

/** makedev(3) for numbers that fit 32 bits. */
function encodeDevice(major: number, minor: number): number {
  return ((minor & 0xff) | ((major & 0xfff) << 8) | ((minor & 0xfff00) << 12)) >>> 0
}

function decodeDevice(rdev: number): { major: number; minor: number } {
  return { major: (rdev >>> 8) & 0xfff, minor: (rdev & 0xff) | ((rdev >>> 12) & 0xfff00) }
}
