// Writes entries into a directory on the host, one after the other.
import fs from 'node:fs'
import { hasErrno } from '../../base/errno.ts'
import { TsbuildError } from '../../base/errors.ts'
import { unreachable } from '../../base/unreachable.ts'
import { ContentFiles } from '../content-files.ts'
import { makeNode } from '../disk/make-node.ts'
import { type FileCapability, restoreCapabilities } from '../disk/restore-capabilities.ts'
import { CAPABILITY, type EntryType, type SourceEntry } from '../entry.ts'
import { toFsPath } from '../paths/path-bytes.ts'
import { SCRATCH_NAME } from '../whiteout.ts'

const COPY_CHUNK = 1024 * 1024
/** The number of entries between two checks of the signal, which let the event loop run. */
const SLICE = 256
const CLIMBING = /(?:^|\/)\.\.(?:\/|$)/

/** Something that the directory lacks: a device or fifo that could not be made, or extended attributes. */
export interface UnpackLoss {
  readonly path: string
  readonly kind: 'node' | 'xattrs'
}

export interface UnpackedTree {
  readonly entries: number
  /** Bytes of files' content. */
  readonly bytes: number
  readonly losses: readonly UnpackLoss[]
  /**
   * Paths that belong to the caller, because their owner has no id here, for example outside of a user
   * namespace's range.
   */
  readonly unowned: readonly string[]
}

export interface UnpackOptions {
  readonly signal?: AbortSignal | undefined
  /** Called now and then with the number of entries written so far. */
  readonly onProgress?: ((entries: number) => void) | undefined
}

/** How entries become files. */
export interface UnpackPolicy {
  /** Whether files get the owners of their entries; otherwise everything belongs to the caller. */
  readonly owners: boolean
  /** Whether the directory is empty, and no two entries have the same path. */
  readonly empty: boolean
  /** Permission bits that files of a type always get. */
  readonly leastMode: (type: EntryType) => number
  /** Whether a device becomes an empty file. */
  readonly virtualDevices: boolean
  /** Whether file capabilities are set; other attributes never are. */
  readonly capabilities: boolean
}

/** In a layer of overlayfs, hides the path in the layers below. */
export interface OverlayWhiteout {
  readonly path: string
  readonly type: 'whiteout'
}

/** Whiteouts could not be made here. */
export class WhiteoutError extends Error {}

/**
 * Writes entries, parents first, into a directory that exists. Never follows a symlink below it, be it an
 * entry's or one that was there. Errors with `OUTPUT_INVALID` for names that the host can't have, as {@link
 * ContentFiles} does, and with the system's errors.
 */
export async function unpackEntries(
  entries: Iterable<SourceEntry | OverlayWhiteout>,
  directory: string,
  policy: UnpackPolicy,
  options: UnpackOptions = {},
): Promise<UnpackedTree> {
  const unpacker = new Unpacker(directory, policy)
  try {
    let count = 0
    for (const entry of entries) {
      unpacker.write(entry)
      if (++count % SLICE === 0) {
        options.onProgress?.(count)
        await new Promise(setImmediate)
        options.signal?.throwIfAborted()
      }
    }
    unpacker.finish()
    return { entries: count, bytes: unpacker.bytes, losses: unpacker.losses, unowned: unpacker.unowned }
  } finally {
    unpacker.close()
  }
}

class Unpacker {
  bytes = 0
  readonly losses: UnpackLoss[] = []
  readonly unowned: string[] = []
  readonly #root: string
  readonly #policy: UnpackPolicy
  readonly #caller = { uid: process.geteuid?.() ?? -1, gid: process.getegid?.() ?? -1 }
  /** Whether new files belong to the caller's group by themselves. */
  readonly #inheritsGroup: boolean
  readonly #files = new ContentFiles()
  readonly #buffer = Buffer.allocUnsafeSlow(COPY_CHUNK + 1)
  /** Closed for writing, and given their times, once everything is in them. */
  readonly #directories: SourceEntry[] = []
  readonly #capabilities: (FileCapability & { readonly entry: SourceEntry })[] = []
  readonly #missing = new Set<string | undefined>()
  #whiteout: string | Buffer | undefined

  constructor(directory: string, policy: UnpackPolicy) {
    this.#root = directory
    this.#policy = policy
    this.#inheritsGroup = (fs.statSync(directory).mode & 0o2000) !== 0
  }

  write(entry: SourceEntry | OverlayWhiteout): void {
    const path = this.#path(entry.path)
    const mayKeep = entry.type !== 'whiteout' && entry.type !== 'hardlink'
    if (mayKeep && entry.xattrs !== undefined) this.#keepAttributes(entry, path)
    switch (entry.type) {
      case 'whiteout':
        this.#makeWhiteout(path)
        return
      case 'directory':
        if (entry.path !== '') this.#makeDirectory(path)
        this.#directories.push(entry)
        return
      case 'file':
        this.#clear(path)
        this.#writeFile(path, entry)
        return
      case 'symlink':
        this.#clear(path)
        fs.symlinkSync(toFsPath(entry.linkname ?? ''), path)
        break
      case 'hardlink':
        this.#clear(path)
        if (this.#missing.has(entry.linkname)) this.#lose(entry, 'node')
        else fs.linkSync(this.#path(entry.linkname ?? ''), path)
        return
      case 'fifo':
      case 'character':
      case 'block':
        this.#clear(path)
        if (this.#policy.virtualDevices && entry.type !== 'fifo') {
          fs.writeFileSync(path, '', { flag: 'wx', mode: 0o600 })
          break
        }
        // In a layer of overlayfs, or on a mounted one, such a device is a whiteout.
        if (!(this.#policy.empty && isWhiteoutDevice(entry)) && this.#makeNode(entry, path)) break
        this.#missing.add(entry.path)
        this.#lose(entry, 'node')
        return
      default:
        unreachable(entry)
    }
    this.#setMetadata(path, entry)
  }

  finish(): void {
    for (const entry of this.#directories.reverse()) this.#setMetadata(this.#path(entry.path), entry)
    const failed = new Set(restoreCapabilities(this.#capabilities))
    for (const file of this.#capabilities) if (failed.has(file)) this.#lose(file.entry, 'xattrs')
  }

  close(): void {
    this.#files.close()
  }

  #path(path: string): string | Buffer {
    if (process.platform === 'win32' && /[\\:*?"<>|]/.test(path)) {
      throw new TsbuildError('OUTPUT_INVALID', `Windows can't have a file named ${JSON.stringify(path)}`)
    }
    // Readers of tars and of contexts clean their paths. This check stops paths from any other source.
    if (CLIMBING.test(path)) throw new TsbuildError('LAYER_INVALID', `a layer has the path ${JSON.stringify(path)}`)
    return toFsPath(`${this.#root}/${path}`)
  }

  #keepAttributes(entry: SourceEntry, path: string | Buffer): void {
    const { [CAPABILITY]: value, ...others } = entry.xattrs ?? {}
    const kept = value !== undefined && this.#policy.capabilities && entry.type === 'file'
    if (kept) this.#capabilities.push({ path, value, entry })
    if (!kept || Object.keys(others).length > 0) this.#lose(entry, 'xattrs')
  }

  /** All parents are real directories: they were made or checked before. */
  #makeDirectory(path: string | Buffer): void {
    const stat = this.#policy.empty ? undefined : fs.lstatSync(path, { throwIfNoEntry: false })
    if (stat?.isDirectory()) {
      if (this.#caller.uid !== 0) fs.chmodSync(path, stat.mode | 0o700)
      return
    }
    if (stat) fs.unlinkSync(path)
    fs.mkdirSync(path, 0o700)
  }

  #clear(path: string | Buffer): void {
    if (this.#policy.empty) return
    const stat = fs.lstatSync(path, { throwIfNoEntry: false })
    if (stat?.isDirectory()) fs.rmSync(path, { recursive: true })
    else if (stat) fs.unlinkSync(path)
  }

  #writeFile(path: string | Buffer, entry: SourceEntry): void {
    const file = fs.openSync(path, 'wx', 0o600)
    try {
      this.#files.begin(entry)
      for (let left = entry.size; left > 0; ) {
        const length = Math.min(COPY_CHUNK, left)
        this.#files.read(this.#buffer, 0, length)
        for (let at = 0; at < length; ) at += fs.writeSync(file, this.#buffer, at, length - at)
        left -= length
      }
      this.#files.end()
      // The mode comes last, since writing and changing the owner clear set-id bits.
      if (this.#needsOwner(entry)) this.#giveTo(entry, () => fs.fchownSync(file, entry.uid, entry.gid))
      fs.fchmodSync(file, entry.mode | this.#policy.leastMode('file'))
      fs.futimesSync(file, entry.mtime, entry.mtime)
    } finally {
      fs.closeSync(file)
    }
    this.bytes += entry.size
  }

  #setMetadata(path: string | Buffer, entry: SourceEntry): void {
    if (this.#needsOwner(entry)) this.#giveTo(entry, () => fs.lchownSync(path, entry.uid, entry.gid))
    if (entry.type === 'symlink') {
      fs.lutimesSync(path, entry.mtime, entry.mtime)
    } else {
      fs.chmodSync(path, entry.mode | this.#policy.leastMode(entry.type))
      fs.utimesSync(path, entry.mtime, entry.mtime)
    }
  }

  #needsOwner({ uid, gid, path }: SourceEntry): boolean {
    if (!this.#policy.owners) return false
    return uid !== this.#caller.uid || gid !== this.#caller.gid || this.#inheritsGroup || path === ''
  }

  /** Reports an id that the user namespace doesn't have. Not being allowed to change owners at all is an error. */
  #giveTo(entry: SourceEntry, change: () => void): void {
    try {
      change()
    } catch (error) {
      if (!hasErrno(error, 'EINVAL')) throw error
      this.unowned.push(entry.path)
    }
  }

  #makeNode(entry: SourceEntry, path: string | Buffer): boolean {
    if (typeof path === 'string') return makeNode(entry, path)
    // A name that is not UTF-8 can't be given to the command that makes the node.
    const scratch = `${this.#root}/${SCRATCH_NAME}`
    if (!makeNode(entry, scratch)) return false
    fs.renameSync(scratch, path)
    return true
  }

  /** Whiteouts are hard links of a few devices, because making a device takes a process. */
  #makeWhiteout(path: string | Buffer): void {
    if (this.#whiteout !== undefined) {
      try {
        fs.linkSync(this.#whiteout, path)
        return
      } catch (error) {
        if (!hasErrno(error, 'EMLINK')) throw error
      }
    }
    const entry: SourceEntry = { path: '', type: 'character', mode: 0, uid: 0, gid: 0, mtime: 0, size: 0 }
    if (!this.#makeNode(entry, path)) throw new WhiteoutError(`cannot make a whiteout at ${JSON.stringify(path)}`)
    this.#whiteout = path
  }

  #lose({ path }: SourceEntry, kind: UnpackLoss['kind']): void {
    this.losses.push({ path, kind })
  }
}

/** Whether overlayfs would take a device of an image for a whiteout. */
export function isWhiteoutDevice({ type, devMajor = 0, devMinor = 0 }: SourceEntry): boolean {
  return type === 'character' && devMajor === 0 && devMinor === 0
}
