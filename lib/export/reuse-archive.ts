// An archive that is there already: what was written to a file, and the status that the file has had since.
import { createHash, randomBytes } from 'node:crypto'
import { closeSync, openSync, realpathSync, rmSync, statSync, utimesSync } from 'node:fs'
import { uptime } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { isSystemError } from '../base/errno.ts'
import type { ArchiveMember } from '../layers/archive/pack-archive.ts'
import type { ContentStore } from '../oci/content.ts'
import { sha256 } from '../oci/digest.ts'
import type { Digest } from '../oci/types.ts'
import { outputIO } from './write-stream.ts'

type Notes = Pick<ContentStore, 'readDerived' | 'writeDerived'>

/** The kind of derived data that a store keeps notes about files outside of it as, by a digest of their path. */
const OUTPUT_KIND = 'output'
/** Raised when the same members make other bytes. */
const ARCHIVE_VERSION = 1

/** What an archive is made of, as a digest: streams are named by the digest of their bytes. */
export function archiveKey(members: readonly ArchiveMember[]): Digest {
  const hasher = createHash('sha256').update(`tsbuild archive ${ARCHIVE_VERSION}`)
  for (const member of members) {
    hasher.update(JSON.stringify([member.kind, member.name, member.kind === 'stream' ? member.size : '']))
    hasher.update(member.kind === 'bytes' ? sha256(member.bytes) : '')
  }
  return `sha256:${hasher.digest('hex')}`
}

/**
 * The size in bytes of a file that is, untouched, the archive that was noted of it: the same by size, times and inode, and that since the
 * machine started, as what a power failure does to a file need not be seen in those. It gets the time that writing it again would have given it.
 * Undefined for any other: then it is to be written.
 */
export async function renewOutput(dest: string, archive: Digest, store: Notes): Promise<number | undefined> {
  const status = outputStatus(dest)
  const note = status && store.readDerived(OUTPUT_KIND, sha256(status.path))
  if (!note || !Buffer.from(note).equals(noteBytes(archive, status))) return undefined
  if (Number(status.ctimeNs) / 1e6 < Date.now() - uptime() * 1000) return undefined
  const now = new Date()
  // Somebody else's file can be replaced, but not be given a time.
  if (!isDone(() => utimesSync(status.path, now, now))) return undefined
  await noteOutput(dest, archive, store)
  return Number(status.size)
}

/** Notes what was written to a file just now. Does nothing where later changes could not be told from that. */
export async function noteOutput(dest: string, archive: Digest, store: Notes): Promise<void> {
  const status = outputStatus(dest)
  if (status && (await timeGoesOn(status))) {
    store.writeDerived(OUTPUT_KIND, sha256(status.path), noteBytes(archive, status))
  }
}

interface OutputStatus {
  /** Where symlinks lead. */
  readonly path: string
  readonly size: bigint
  readonly mtimeNs: bigint
  readonly ctimeNs: bigint
  readonly ino: bigint
  readonly dev: bigint
}

/** Undefined for what is no file, or one that has another name: who made that wants it to stay as it is. Errors with `OUTPUT_IO`. */
function outputStatus(dest: string): OutputStatus | undefined {
  if (dest === '-') return undefined
  return outputIO(dest, () => {
    const stat = statSync(dest, { bigint: true, throwIfNoEntry: false })
    if (!stat?.isFile() || stat.nlink !== 1n) return undefined
    const { size, mtimeNs, ctimeNs, ino, dev } = stat
    return { path: realpathSync(dest), size, mtimeNs, ctimeNs, ino, dev }
  })
}

function noteBytes(archive: Digest, { size, mtimeNs, ctimeNs, ino, dev }: OutputStatus): Uint8Array {
  return Buffer.from(`${[archive, size, mtimeNs, ctimeNs, ino, dev].join(' ')}\n`)
}

/** Milliseconds: more than the time stamps of local file systems are apart. */
const TICK = 5
const TICKS = 4

/**
 * Waits until the file system gives other times than the one of the file's last change, so that the next one will be seen (what git calls
 * racily clean is what came before that). False if that takes long.
 */
async function timeGoesOn({ path, ctimeNs }: OutputStatus): Promise<boolean> {
  const probe = join(dirname(path), `.tsbuild-${process.pid}-${randomBytes(6).toString('hex')}`)
  for (let i = 0; i < TICKS; i++) {
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

/** Nothing depends on what is only to save time: what the system refuses is not done. */
function isDone(action: () => void): boolean {
  try {
    action()
    return true
  } catch (error) {
    if (isSystemError(error)) return false
    throw error
  }
}
