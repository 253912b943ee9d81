// Writes an OCI image layout as a directory (-o type=oci,tar=false).
import { closeSync, openSync, readdirSync, renameSync, rmSync, statSync, writeFileSync, writeSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { ensureDirSync } from 'fs-extra/esm'
import { TsbuildError } from '../base/errors.ts'
import { processMark } from '../base/process-mark.ts'
import { openBlobFile } from '../oci/blob-file.ts'
import type { ContentReader } from '../oci/content.ts'
import { digestPath } from '../oci/digest.ts'
import { openLayout } from '../oci/layout.ts'
import { indexBytes } from '../oci/manifest.ts'
import type { Descriptor } from '../oci/types.ts'
import type { ArchivedImage } from './archived-image.ts'
import { indexEntries, OCI_LAYOUT_BYTES } from './image-archive.ts'
import { sweepTemporaryOutputs, temporaryOutput } from './temporary-outputs.ts'
import { outputIO } from './write-stream.ts'

const IMAGE_NAME = 'io.containerd.image.name'

/**
 * Writes an image as a layout directory. A new directory appears when it is complete. An existing layout keeps
 * its other images, but an image with the same name is replaced, and so is an unnamed image by another unnamed
 * one. Its index.json is replaced atomically, at the end. Errors with `OUTPUT_IO`, and with `LAYOUT_INVALID` if
 * the existing layout is broken.
 */
export async function exportLayout(
  image: ArchivedImage,
  dest: string,
  store: ContentReader,
  signal?: AbortSignal,
): Promise<void> {
  const stat = outputIO(dest, () => statSync(dest, { throwIfNoEntry: false }))
  if (stat && !stat.isDirectory()) {
    throw new TsbuildError('OUTPUT_IO', `cannot write a directory ${JSON.stringify(dest)}: it is a file`)
  }
  const kept = stat ? keptEntries(image, dest) : []
  const suffix = processMark()
  const parent = dirname(resolve(dest))
  const target = stat ? dest : temporaryOutput(parent)
  outputIO(dest, () => ensureDirSync(target))
  for (const directory of [parent, target, join(target, 'blobs/sha256')]) sweepTemporaryOutputs(directory)
  try {
    for (const blob of image.blobs) await writeBlob(blob, { directory: target, suffix, store, signal })
    writeWhole(join(target, 'oci-layout'), suffix, OCI_LAYOUT_BYTES)
    writeWhole(join(target, 'index.json'), suffix, indexBytes([...kept, ...indexEntries(image)]))
    if (target !== dest) outputIO(dest, () => renameSync(target, dest))
  } finally {
    if (target !== dest) rmSync(target, { recursive: true, force: true })
  }
}

function keptEntries(image: ArchivedImage, dest: string): readonly Descriptor[] {
  if (outputIO(dest, () => readdirSync(dest)).length === 0) return []
  if (!statSync(join(dest, 'oci-layout'), { throwIfNoEntry: false })) {
    throw new TsbuildError('OUTPUT_IO', `${JSON.stringify(dest)} is not empty and not an OCI image layout`, {
      hint: 'write to a new or empty directory',
    })
  }
  return openLayout(dest).manifests.filter((entry) => {
    const name = entry.annotations?.[IMAGE_NAME]
    return name === undefined ? image.names.length > 0 : !image.names.includes(name)
  })
}

/** Whether a file is the blob. The size alone says nothing: a power cut may have taken the contents. */
async function isSound(path: string, blob: Descriptor, signal: AbortSignal | undefined): Promise<boolean> {
  if (statSync(path, { throwIfNoEntry: false })?.size !== blob.size) return false
  try {
    for await (const _ of openBlobFile(path, blob, signal));
    return true
  } catch (error) {
    if (error instanceof TsbuildError && error.code === 'DIGEST_MISMATCH') return false
    throw error
  }
}

interface BlobTarget {
  readonly directory: string
  /** The end of temporary names. */
  readonly suffix: string
  readonly store: ContentReader
  readonly signal: AbortSignal | undefined
}

async function writeBlob(blob: Descriptor, { directory, suffix, store, signal }: BlobTarget): Promise<void> {
  const path = join(directory, digestPath(blob.digest))
  if (await isSound(path, blob, signal)) return
  const temporary = `${path}.${suffix}`
  outputIO(path, () => ensureDirSync(dirname(path)))
  const file = outputIO(path, () => openSync(temporary, 'wx'))
  try {
    for await (const chunk of store.open(blob, signal)) {
      outputIO(path, () => {
        for (let at = 0; at < chunk.byteLength; ) at += writeSync(file, chunk, at, chunk.byteLength - at)
      })
    }
    outputIO(path, () => renameSync(temporary, path))
  } finally {
    closeSync(file)
    rmSync(temporary, { force: true })
  }
}

function writeWhole(path: string, suffix: string, bytes: Uint8Array): void {
  outputIO(path, () => {
    ensureDirSync(dirname(path))
    writeFileSync(`${path}.${suffix}`, bytes)
    renameSync(`${path}.${suffix}`, path)
  })
}
