// Records of the use of the disk: the store's contents, divided into what can be removed on its own.

/**
 * - `image`: manifest and config of an image; of one with names, its layers as well
 * - `regular`: a layer that a step made, or that is the base of one, in all its encodings, with its index
 * - `unpacked`: a layer as a directory that RUN steps stack
 * - `source.local`: digests of files in a build context by their status
 * - `source.git.checkout`, `source.http`: a commit, a download
 * - `exec.cachemount`: a cache of `RUN --mount=type=cache`
 * - `failed-step`: a step that `--keep-failed` kept
 * - `internal`: notes, such as which image a name led to when its registry was asked
 */
export type UsageType =
  | 'image'
  | 'regular'
  | 'unpacked'
  | 'source.local'
  | 'source.git.checkout'
  | 'source.http'
  | 'exec.cachemount'
  | 'failed-step'
  | 'internal'

export const USAGE_TYPES: readonly UsageType[] = [
  'image',
  'regular',
  'unpacked',
  'source.local',
  'source.git.checkout',
  'source.http',
  'exec.cachemount',
  'failed-step',
  'internal',
]

/** A part of the store that can be removed on its own. Plain data. */
export interface UsageRecord {
  /** 64 hexadecimal digits: of a layer, those of its diffID; of an image, those of its manifest. */
  readonly id: string
  readonly type: UsageType
  /** Text for people, from Dockerfiles and names of images. */
  readonly description: string
  /** The full names of an image. Undefined for everything else, and for an image without a name. */
  readonly names?: readonly string[]
  /** The bytes that go with it: what several images with names have in common counts for the first of them. */
  readonly size: number
  /** The time of the last use, to ten minutes (RFC 3339). */
  readonly lastUsed: string
  /** Whether a process relies on it now. */
  readonly inUse: boolean
  /** Whether it belongs to a layer of an image with a name, which can make it again. */
  readonly shared: boolean
  /** Whether it can be removed now: an image with a name cannot. */
  readonly reclaimable: boolean
}

/** A record with its files. */
export interface StoredPart extends UsageRecord {
  /** Blobs and directories, which a process may rely on: their names in leases, and their paths. */
  readonly leased: readonly { readonly name: string; readonly path: string }[]
  /** Files that may vanish at any time, and those that name a removed part. */
  readonly notes: readonly string[]
  /** The files of build records whose result it is. */
  readonly records: readonly string[]
}

/** The record of a part, without its files. */
export function recordOf({ leased: _, notes: __, records: ___, ...record }: StoredPart): UsageRecord {
  return record
}
