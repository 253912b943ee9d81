import { join } from 'node:path'
import { TsbuildError } from '../../base/errors.ts'
import { digestPath } from '../../oci/digest.ts'
import { MANIFEST_KIND } from '../../oci/manifest.ts'
import { parseDescriptor } from '../../oci/parse-manifest.ts'
import type { Descriptor } from '../../oci/types.ts'
import { readJsonIfSound } from '../atomic-files.ts'
import { fileStatus, readNotes } from './derived-notes.ts'
import { blobsOf, namedImages } from './image-parts.ts'

/** The images of the store at `root` that builds made, and that have no name and are in no index with one. */
export function danglingImages(root: string): readonly Descriptor[] {
  const named = blobsOf(namedImages(root))
  return readNotes(root)
    .filter(({ kind }) => kind === MANIFEST_KIND)
    .flatMap(({ path }) => descriptorIn(readJsonIfSound(path), path) ?? [])
    .filter(({ digest }) => !named.has(digest) && fileStatus(join(root, digestPath(digest))) !== undefined)
}

/** A damaged note leads to no image. */
function descriptorIn(value: unknown, path: string): Descriptor | undefined {
  try {
    return parseDescriptor(value, { code: 'STORE_IO', what: path, path: '' })
  } catch (error) {
    if (error instanceof TsbuildError) return undefined
    throw error
  }
}
