// An entry of a directory on disk, which holds little more than its index in the listing. It is a class
// although it has no lifetime: as plain objects, the 60,000 entries of a copy take 20 MB and keep the garbage
// collector busy.
import { constants } from 'node:fs'
import { joinPath } from '../base/paths.ts'
import type { Content, EntryType, FileStat } from '../layers/entry.ts'
import type { TreeEntry } from '../layers/file-tree.ts'
import { type ListedDirectory, STATUS, STATUS_FIELDS } from './list-directory.ts'

/** A listed directory and its location. */
export interface DirectoryOnDisk extends ListedDirectory {
  /** The path of the tree's root on disk. */
  readonly root: string
  /** The directory's path in the tree. */
  readonly path: string
}

/** A regular file or a directory. Its getters compute their values from the listing. */
export class DiskEntry implements TreeEntry {
  readonly #directory: DirectoryOnDisk
  /** The offset of its numbers in the status array of the directory. */
  readonly #at: number
  readonly inode: string | undefined

  /** `index` is the position of the name in the directory. `inode` is set for files with several links only. */
  constructor(directory: DirectoryOnDisk, index: number, inode: string | undefined) {
    this.#directory = directory
    this.#at = index * STATUS_FIELDS
    this.inode = inode
  }

  get name(): string {
    return this.#directory.names[this.#at / STATUS_FIELDS] as string
  }

  get path(): string {
    return joinPath(this.#directory.path, this.name)
  }

  get type(): EntryType {
    return this.#isFile() ? 'file' : 'directory'
  }

  get mode(): number {
    return this.#status(STATUS.mode) & 0o7777
  }

  get uid(): number {
    return 0
  }

  get gid(): number {
    return 0
  }

  get mtime(): number {
    return this.#status(STATUS.mtimeMs) / 1000
  }

  get size(): number {
    return this.#isFile() ? this.#status(STATUS.size) : 0
  }

  get content(): Content | undefined {
    return this.#isFile() ? { kind: 'file', path: `${this.#directory.root}/${this.path}` } : undefined
  }

  get stat(): FileStat | undefined {
    if (!this.#isFile()) return undefined
    return {
      mtimeMs: this.#status(STATUS.mtimeMs),
      ctimeMs: this.#status(STATUS.ctimeMs),
      ino: this.#status(STATUS.ino),
      dev: this.#status(STATUS.dev),
    }
  }

  #isFile(): boolean {
    return (this.#status(STATUS.mode) & constants.S_IFMT) === constants.S_IFREG
  }

  #status(field: number): number {
    return this.#directory.status[this.#at + field] as number
  }
}
