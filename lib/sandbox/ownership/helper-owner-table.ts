// The native helper's table of owners: a header of 16 bytes, then 64 bytes an inode; see native/README.md.
import type { InodeKey, InodeOwner } from './ownership-method.ts'

const MAGIC = 'TSBOWN01'
const HEADER = 16
const ENTRY = 64
const MAX_CAPABILITY = 24
/** Set where a mode is recorded. */
const PERMISSIONS_RECORDED = 0x8000
const TYPES = { character: 0o020000, block: 0o060000 } as const

/** The bytes of a table. Errors with a RangeError for a number or a capability that does not fit. */
export function formatHelperTable(owners: Iterable<readonly [InodeKey, InodeOwner]>): Buffer {
  const entries = [...owners]
  const table = Buffer.alloc(HEADER + ENTRY * entries.length)
  table.write(MAGIC, 'latin1')
  table.writeBigUInt64LE(BigInt(entries.length), 8)
  for (const [index, [key, owner]] of entries.entries()) writeEntry(table.subarray(HEADER + ENTRY * index), key, owner)
  return table
}

function writeEntry(
  to: Buffer,
  { dev, ino }: InodeKey,
  { uid, gid, device, capability, permissions }: InodeOwner,
): void {
  to.writeBigUInt64LE(dev, 0)
  to.writeBigUInt64LE(ino, 8)
  to.writeUInt32LE(uid, 16)
  to.writeUInt32LE(gid, 20)
  to.writeUInt16LE(device ? TYPES[device.type] : 0, 24)
  to.writeUInt16LE(permissions === undefined ? 0 : PERMISSIONS_RECORDED | permissions, 26)
  to.writeUInt32LE(device?.major ?? 0, 28)
  to.writeUInt32LE(device?.minor ?? 0, 32)
  if (!capability) return
  if (capability.length > MAX_CAPABILITY) throw new RangeError(`a security.capability of ${capability.length} bytes`)
  to.writeUInt32LE(capability.length, 36)
  to.set(capability, 40)
}

/** The entries of a table; undefined for anything but a whole table. */
export function parseHelperTable(table: Buffer): readonly (readonly [InodeKey, InodeOwner])[] | undefined {
  if (table.length < HEADER || table.toString('latin1', 0, 8) !== MAGIC) return undefined
  const count = Number(table.readBigUInt64LE(8))
  if (table.length !== HEADER + ENTRY * count) return undefined
  return Array.from({ length: count }, (_, index) => readEntry(table.subarray(HEADER + ENTRY * index)))
}

function readEntry(from: Buffer): readonly [InodeKey, InodeOwner] {
  const type = from.readUInt16LE(24)
  const mode = from.readUInt16LE(26)
  const numbers = { major: from.readUInt32LE(28), minor: from.readUInt32LE(32) }
  const device =
    type === 0 ? undefined : { type: type === TYPES.block ? ('block' as const) : ('character' as const), ...numbers }
  const length = Math.min(from.readUInt32LE(36), MAX_CAPABILITY)
  const capability = length === 0 ? undefined : Uint8Array.from(from.subarray(40, 40 + length))
  const permissions = mode & PERMISSIONS_RECORDED ? mode & 0o7777 : undefined
  const owner = { uid: from.readUInt32LE(16), gid: from.readUInt32LE(20), device, capability, permissions }
  return [{ dev: from.readBigUInt64LE(0), ino: from.readBigUInt64LE(8) }, owner]
}
