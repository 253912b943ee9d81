// The blobs that the disk may not have yet. After a power cut a blob may have its name and other contents. So a blob is
// noted before it gets its name, by an empty file in a directory of the current boot, until the disk has it; and blobs
// that an earlier boot noted are hashed when the store is opened.
import { closeSync, existsSync, rmSync, statSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { hasErrno } from '../base/errno.ts'
import { digestPath, isDigest } from '../oci/digest.ts'
import type { Digest } from '../oci/types.ts'
import { createFile, makeDirectory, namesIn, storeIO, syncDirectory } from './atomic-files.ts'
import { everyBlob, removeDamaged } from './damaged-blobs.ts'

export interface PendingBlobs {
  /** Notes a blob. To be called when its file is complete, and before the file gets its name. */
  add(digest: Digest): void
  /** The blobs that this boot noted, by all processes. */
  list(): readonly Digest[]
  /** Removes the notes of blobs that the disk has now. */
  settle(digests: readonly Digest[]): void
  /** Waits until the disk has these blobs, as far as they are noted, and settles them. */
  persist(digests: readonly Digest[]): Promise<void>
}

/** The directory with the notes of a store. */
const pendingDirectory = (root: string): string => join(root, 'pending')

const noteName = (digest: Digest): string => digest.replace(':', '-')

/** The notes of the boot with this name. */
export function openPendingBlobs(root: string, boot: string): PendingBlobs {
  const directory = join(pendingDirectory(root), boot)
  const path = (digest: Digest): string => join(directory, noteName(digest))
  const settle = (digests: readonly Digest[]): void => {
    for (const digest of digests) storeIO(`noting ${digest}`, () => rmSync(path(digest), { force: true }))
  }
  return {
    add: (digest) => storeIO(`noting ${digest}`, () => makeEmpty(path(digest))),
    list: () => notedIn(directory),
    settle,
    persist: async (digests) => {
      const noted = digests.filter((digest) => existsSync(path(digest)))
      const files = noted.map((digest) => join(root, digestPath(digest)))
      // At once, since the disk then does them in one go.
      await Promise.all(files.map(syncFile))
      for (const parent of new Set(files.map((file) => dirname(file)))) {
        storeIO(`writing ${JSON.stringify(parent)}`, () => syncDirectory(parent))
      }
      settle(noted)
    },
  }
}

/**
 * Hashes the blobs that other boots than this one noted, and removes the damaged ones; all blobs of a store that
 * never noted any. Returns whether there was anything to check.
 */
export function checkPendingBlobs(root: string, boot: string): boolean {
  const directory = pendingDirectory(root)
  if (!statSync(directory, { throwIfNoEntry: false })) {
    removeDamaged(root, everyBlob(root))
    storeIO(`creating ${JSON.stringify(directory)}`, () => makeDirectory(directory))
    return true
  }
  const others = namesIn(directory).filter((name) => name !== boot)
  for (const other of others) {
    const notes = join(directory, other)
    removeDamaged(root, notedIn(notes))
    storeIO(`removing ${JSON.stringify(notes)}`, () => rmSync(notes, { recursive: true, force: true }))
  }
  return others.length > 0
}

function notedIn(directory: string): readonly Digest[] {
  return namesIn(directory)
    .map((name) => name.replace('-', ':'))
    .filter(isDigest)
}

/** Waits until the disk has a file's contents. A file that has been removed needs none. */
async function syncFile(path: string): Promise<void> {
  try {
    await using file = await open(path, 'r')
    await file.sync()
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'EINVAL', 'ENOTSUP')) return
    storeIO(`writing ${JSON.stringify(path)}`, () => {
      throw error
    })
  }
}

function makeEmpty(path: string): void {
  try {
    closeSync(createFile(path))
  } catch (error) {
    if (hasErrno(error, 'EEXIST')) return
    if (!hasErrno(error, 'ENOENT')) throw error
    makeDirectory(dirname(path))
    makeEmpty(path)
  }
}
