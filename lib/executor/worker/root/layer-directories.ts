// The directories of unpacked layers. After a power cut a directory may have its names and no contents, so a directory
// counts in the boot that made it, and later only with a mark that was made once the disk had it.
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { touchUsed } from '../../../cache/space/last-used.ts'
import { removeTree } from './remove-tree.ts'

/** Directories by the names of layers and stacks. */
export interface LayerDirectories {
  /** A complete directory; undefined if there is none, or if a power cut may have damaged it. */
  find(name: string): string | undefined
  /**
   * Moves a directory to its place and returns its path. If another step was faster, its directory stays. `lost` has
   * the paths of devices and fifos that could not be made in it.
   */
  place(name: string, directory: string, lost: readonly string[]): string
  /** The paths that could not be made in directories of {@link LayerDirectories.place}. */
  lostPaths(directories: readonly string[]): ReadonlySet<string>
  /** A directory without files. */
  empty(): string
  /** Starts to write directories to the disk that may not be there yet, unless that is under way. Returns at once. */
  startSync(): void
  /** Waits for what {@link LayerDirectories.startSync} started. Never rejects. */
  settled(): Promise<void>
}

export interface LayerDirectoriesOptions {
  /** The name of the current boot, of eight letters. */
  readonly boot: string
  /** Resolves to whether the disk has everything that was written before the call. */
  readonly sync: () => Promise<boolean>
  /** Keeps a directory from being removed while this process runs. */
  readonly keep: (path: string) => void
}

/**
 * Milliseconds until a directory of another boot is removed: a machine that shares the store may still use its own
 * directories.
 */
const STALE = 86_400_000

const SYNCED = '.synced'
const LOST = '.lost'
/** The suffix of a file with the time of the last use: the directory's own time is that of the root in its layer. */
const USED = '.used'

/** Notes that a directory is used now. */
function noteUse(path: string): void {
  const stat = statSync(path + USED, { throwIfNoEntry: false })
  if (stat) touchUsed(path + USED, stat)
  else writeFileSync(path + USED, '', { mode: 0o600 })
}

/** Opens the directories below `root`, and removes those that no process will use. */
export function openLayerDirectories(root: string, { boot, sync, keep }: LayerDirectoriesOptions): LayerDirectories {
  mkdirSync(root, { recursive: true, mode: 0o700 })
  const synced = findSynced(root, boot)
  const pathOf = (name: string): string => join(root, `${name}-${boot}`)
  const unsynced = new Set<string>()
  let running: Promise<void> | undefined

  const markSynced = async (): Promise<void> => {
    const paths = [...unsynced]
    if (!(await sync())) return
    for (const path of paths) {
      // An empty file can't be damaged, and it is younger than the contents on the disk.
      writeFileSync(path + SYNCED, '', { mode: 0o600 })
      unsynced.delete(path)
    }
  }
  return {
    find: (name) => {
      const known = synced.get(name)
      const path = known ?? pathOf(name)
      keep(path)
      if (!existsSync(path)) return undefined
      if (known === undefined && !existsSync(path + SYNCED)) unsynced.add(path)
      noteUse(path)
      return path
    },
    place: (name, directory, lost) => {
      const path = pathOf(name)
      keep(path)
      if (lost.length > 0) {
        writeFileSync(directory + LOST, JSON.stringify(lost), { mode: 0o600 })
        renameSync(directory + LOST, path + LOST)
      }
      try {
        renameSync(directory, path)
      } catch (error) {
        if (!existsSync(path)) throw error
        removeTree(directory)
      }
      unsynced.add(path)
      noteUse(path)
      return path
    },
    lostPaths: (directories) => {
      const lists = directories.map((path) => path + LOST).filter((path) => existsSync(path))
      return new Set(lists.flatMap((path): string[] => JSON.parse(readFileSync(path, 'utf8'))))
    },
    empty: () => {
      const path = join(root, EMPTY)
      mkdirSync(path, { recursive: true, mode: 0o755 })
      return path
    },
    startSync: () => {
      if (running || unsynced.size === 0) return
      running = markSynced().finally(() => {
        running = undefined
      })
    },
    settled: async () => await running,
  }
}

const EMPTY = 'empty'

/** The directories that the disk has, by name. Removes the others of earlier boots, and those of older versions. */
function findSynced(root: string, boot: string): ReadonlyMap<string, string> {
  const entries = readdirSync(root)
  const there = new Set(entries)
  const synced = new Map<string, string>()
  for (const entry of entries) {
    if (entry === EMPTY || [SYNCED, LOST, USED].some((suffix) => entry.endsWith(suffix))) continue
    const path = join(root, entry)
    const [, name, madeIn] = /^(.+)-([0-9a-f]{8})$/.exec(entry) ?? []
    if (name !== undefined && there.has(entry + SYNCED)) synced.set(name, path)
    else if (madeIn !== boot && isOld(path)) for (const old of [path, path + LOST, path + USED]) removeTree(old)
  }
  return synced
}

function isOld(path: string): boolean {
  const stat = lstatSync(path, { throwIfNoEntry: false })
  return stat !== undefined && Date.now() - stat.ctimeMs > STALE
}
