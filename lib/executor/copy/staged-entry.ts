// An inode at a path. A class, to save memory: with a copy of each property, 60,000 entries of a copy would
// take 15 MB more (docs/decisions/entries.md).

import { joinPath } from '../../base/paths.ts'
import { CAPABILITY, type Content, type EntryType, type FileStat, type SourceEntry } from '../../layers/entry.ts'
import type { Inode } from './inode.ts'

/** The entry of a layer: its time is in whole seconds, and its only extended attributes are capabilities. */
export class StagedEntry implements SourceEntry {
  readonly #directory: string
  readonly name: string
  readonly #inode: Inode
  readonly #timestamp: number | undefined

  /** `timestamp` replaces the inode's time. */
  constructor(directory: string, name: string, inode: Inode, timestamp: number | undefined) {
    this.#directory = directory
    this.name = name
    this.#inode = inode
    this.#timestamp = timestamp
  }

  get path(): string {
    return joinPath(this.#directory, this.name)
  }

  get mtime(): number {
    return this.#timestamp ?? Math.floor(this.#inode.mtime)
  }

  get xattrs(): SourceEntry['xattrs'] {
    const value = this.#inode.xattrs?.[CAPABILITY]
    return value && { [CAPABILITY]: value }
  }

  get type(): EntryType {
    return this.#inode.type
  }

  get mode(): number {
    return this.#inode.mode
  }

  get uid(): number {
    return this.#inode.uid
  }

  get gid(): number {
    return this.#inode.gid
  }

  get size(): number {
    return this.#inode.size
  }

  get linkname(): string | undefined {
    return this.#inode.linkname
  }

  get devMajor(): number | undefined {
    return this.#inode.devMajor
  }

  get devMinor(): number | undefined {
    return this.#inode.devMinor
  }

  get content(): Content | undefined {
    return this.#inode.content
  }

  get sha256(): string | undefined {
    return this.#inode.sha256
  }

  get stat(): FileStat | undefined {
    return this.#inode.stat
  }
}
