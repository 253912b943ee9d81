// The names of images. One file for each name is authoritative; index.json is written from these files, for other
// programs.
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { TsbuildError } from '../base/errors.ts'
import { sha256 } from '../oci/digest.ts'
import type { JsonLocation } from '../oci/guard.ts'
import { jsonBytes } from '../oci/json.ts'
import { descriptorJson, indexBytes } from '../oci/manifest.ts'
import { parseDescriptor } from '../oci/parse-manifest.ts'
import { shortName } from '../oci/reference.ts'
import type { Descriptor } from '../oci/types.ts'
import { namesIn, readIfThere, readJsonIfSound, storeIO, writeAtomically } from './atomic-files.ts'
import type { TemporaryFiles } from './temporary-files.ts'

/** A name that an image has in the store. */
export interface StoredReference {
  /** The full name, e.g. `docker.io/library/app:latest`. */
  readonly name: string
  readonly descriptor: Descriptor
}

/** The names in a store. */
export interface References {
  /** All names, sorted. */
  list(): readonly StoredReference[]
  find(name: string): Descriptor | undefined
  /**
   * Gives a name to an image. Atomic; the last writer wins. The name survives a power cut, so the image has to be on
   * the disk before: see `persist` of the store.
   */
  set(name: string, descriptor: Descriptor): void
  /** Removes a name; its image's blobs stay. False if there was no such name. */
  remove(name: string): boolean
}

/** Opens the names of a store. `writeIndex` asks for a new index.json, e.g. since the old one may be damaged. */
export function openReferences(
  root: string,
  temporary: TemporaryFiles,
  options: { readonly writeIndex: boolean },
): References {
  const file = (name: string): string => join(referencesDirectory(root), `${sha256(name).slice(7)}.json`)
  const list = (): readonly StoredReference[] => readReferences(root)
  const writeIndex = (): void => {
    // Another process may write index.json from an older list. Each writer checks the list again afterwards, so the
    // last write is right.
    let bytes = toIndex(list())
    for (;;) {
      writeAtomically(join(root, 'index.json'), temporary.path(), bytes)
      const now = toIndex(list())
      if (Buffer.compare(bytes, now) === 0) return
      bytes = now
    }
  }
  if (options.writeIndex || !readIfThere(join(root, 'index.json'))) writeIndex()
  return {
    list,
    find: (name) => readReference(file(name))?.descriptor,
    set: (name, descriptor) => {
      const bytes = jsonBytes({ name, descriptor: descriptorJson(descriptor) })
      writeAtomically(file(name), temporary.path(), bytes, { durable: true })
      writeIndex()
    },
    remove: (name) => {
      if (!readReference(file(name))) return false
      storeIO(`removing the name ${JSON.stringify(name)}`, () => rmSync(file(name), { force: true }))
      writeIndex()
      return true
    },
  }
}

const referencesDirectory = (root: string): string => join(root, 'references')

/** All names in the store at `root`, sorted. */
export function readReferences(root: string): readonly StoredReference[] {
  const directory = referencesDirectory(root)
  return namesIn(directory)
    .map((name) => readReference(join(directory, name)))
    .filter((reference) => reference !== undefined)
    .sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** The files of all names, and whether each has a name. */
export function referenceFiles(root: string): readonly { readonly path: string; readonly isSound: boolean }[] {
  const directory = referencesDirectory(root)
  return namesIn(directory)
    .map((name) => join(directory, name))
    .map((path) => ({ path, isSound: readReference(path) !== undefined }))
}

/** A damaged file counts as no name: the image can be tagged again. */
function readReference(path: string): StoredReference | undefined {
  const value = readJsonIfSound(path)
  if (typeof value !== 'object' || value === null || !('name' in value) || typeof value.name !== 'string')
    return undefined
  const location: JsonLocation = { code: 'STORE_IO', what: path, path: 'descriptor' }
  try {
    return {
      name: value.name,
      descriptor: parseDescriptor('descriptor' in value ? value.descriptor : undefined, location),
    }
  } catch (error) {
    if (error instanceof TsbuildError) return undefined
    throw error
  }
}

function toIndex(references: readonly StoredReference[]): Uint8Array {
  return indexBytes(
    references.map(({ name, descriptor }) => ({
      ...descriptor,
      annotations: {
        ...descriptor.annotations,
        'io.containerd.image.name': name,
        // The annotation has the whole short name, since a tag alone is not unique here: `skopeo inspect
        // oci:DIR:app:latest`.
        'org.opencontainers.image.ref.name': shortName(name),
      },
    })),
  )
}
