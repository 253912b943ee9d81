// Skips writing an archive if the file is still there, unchanged, from an earlier build. A record in the store
// names the archive that was written to a path, and the status of the file after that.
import { createHash } from 'node:crypto'
import { closeSync, openSync, realpathSync, rmSync, statSync, utimesSync } from 'node:fs'
import { uptime } from 'node:os'
import { dirname } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { isSystemError } from '../base/errno.ts'
import type { ArchiveMember } from '../layers/archive/pack-archive.ts'
import type { ContentStore } from '../oci/content.ts'
import { sha256 } from '../oci/digest.ts'
import type { Digest } from '../oci/types.ts'
import { temporaryOutput } from './temporary-outputs.ts'
import { outputIO } from './write-stream.ts'

type RecordStore = Pick<ContentStore, 'readDerived' | 'writeDerived'>

/** The kind of derived data under which the store keeps these records, by the digest of the path. */
const OUTPUT_KIND = 'output'
/** To be raised when the same members result in other bytes. */
const ARCHIVE_VERSION = 1

/** A digest of the members of an archive. Streams count by their names, which hold the digest of their bytes. */
export function archiveKey(members: readonly ArchiveMember[]): Digest {
  const hasher = createHash('sha256').update(`tsbuild archive ${ARCHIVE_VERSION}`)
  for (const member of members) {
    hasher.update(JSON.stringify([member.kind, member.name, member.kind === 'stream' ? member.size : '']))
    hasher.update(member.kind === 'bytes' ? sha256(member.bytes) : '')
  }
  return `sha256:${hasher.digest('hex')}`
}

/**
 * Reuses the file at `dest` if it is the recorded archive and unchanged, and returns its size in bytes; else
 * undefined. A file is unchanged if its size, times and inode are, and if it was written since the machine
 * started, because damage by a power failure may not show in the status. The file gets the current time, as if
 * it were written again.
 */
export async function reuseArchive(dest: string, archive: Digest, store: RecordStore): Promise<number | undefined> {
  const status = outputStatus(dest)
  const record = status && store.readDerived(OUTPUT_KIND, sha256(status.path))
  if (!record || !Buffer.from(record).equals(recordBytes(archive, status))) return undefined
  if (Number(status.ctimeNs) / 1e6 < Date.now() - uptime() * 1000) return undefined
  const now = new Date()
  // The file may belong to another user: then it can be replaced, but not be given a time.
  if (!isDone(() => utimesSync(status.path, now, now))) return undefined
  await recordArchive(dest, archive, store)
  return Number(status.size)
}

/**
 * Records an archive that was just written to a file. Does nothing if a later change of the file could go
 * unnoticed.
 */
export async function recordArchive(dest: string, archive: Digest, store: RecordStore): Promise<void> {
  const status = outputStatus(dest)
  if (status && (await waitForNewTime(status))) {
    store.writeDerived(OUTPUT_KIND, sha256(status.path), recordBytes(archive, status))
  }
}

interface OutputStatus {
  /** The path with symlinks resolved. */
  readonly path: string
  readonly size: bigint
  readonly mtimeNs: bigint
  readonly ctimeNs: bigint
  readonly ino: bigint
  readonly dev: bigint
}

/**
 * Undefined for anything but a regular file with one link: a second link was made to preserve the file. Errors
 * with `OUTPUT_IO`.
 */
function outputStatus(dest: string): OutputStatus | undefined {
  if (dest === '-') return undefined
  return outputIO(dest, () => {
    const stat = statSync(dest, { bigint: true, throwIfNoEntry: false })
    if (!stat?.isFile() || stat.nlink !== 1n) return undefined
    const { size, mtimeNs, ctimeNs, ino, dev } = stat
    return { path: realpathSync(dest), size, mtimeNs, ctimeNs, ino, dev }
  })
}

function recordBytes(archive: Digest, { size, mtimeNs, ctimeNs, ino, dev }: OutputStatus): Uint8Array {
  return Buffer.from(`${[archive, size, mtimeNs, ctimeNs, ino, dev].join(' ')}\n`)
}

/** Milliseconds: more than the timestamp resolution of local file systems. */
const TICK = 5
const MOST_TICKS = 4

/**
 * Waits until the file system hands out a later time than that of the file's last change, so that any further
 * change will show in the status. (Git calls a file "racily clean" before that moment.) Returns false if this
 * takes too long.
 */
async function waitForNewTime({ path, ctimeNs }: OutputStatus): Promise<boolean> {
  const probe = temporaryOutput(dirname(path))
  for (let i = 0; i < MOST_TICKS; i++) {
    let time = 0n
    const isMade = isDone(() => {
      closeSync(openSync(probe, 'wx'))
      time = statSync(probe, { bigint: true }).ctimeNs
    })
    rmSync(probe, { force: true })
    if (!isMade || time > ctimeNs) return isMade
    await wait(TICK)
  }
  return false
}

/**
 * Whether an action succeeded. Reuse is an optimisation, so a system error only means that the archive is
 * written again.
 */
function isDone(action: () => void): boolean {
  try {
    action()
    return true
  } catch (error) {
    if (isSystemError(error)) return false
    throw error
  }
}
