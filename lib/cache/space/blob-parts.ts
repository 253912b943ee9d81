// The blobs of a store with their notes, divided into images, layers and sources.
import { readdirSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { ifExists } from '../../base/errno.ts'
import { digestParts, digestPath, isDigest } from '../../oci/digest.ts'
import type { DiffID, Digest } from '../../oci/types.ts'
import { namesIn, readJsonIfSound } from '../atomic-files.ts'
import { everyBlob } from '../damaged-blobs.ts'
import {
  BLOB_NOTES,
  CONTEXT_NOTES,
  fileStatus,
  IMAGE_NOTES,
  LAYER_NOTES,
  type Note,
  readNotes,
} from './derived-notes.ts'
import { describedLayers } from './described-layers.ts'
import { blobsOf, type ImageParts, imageParts, type NamedParts, namedImages } from './image-parts.ts'
import type { StoredPart, UsageType } from './usage-record.ts'

/** A part before it is known whether a process relies on it. */
export type FoundPart = Omit<StoredPart, 'inUse' | 'reclaimable'>

interface Draft {
  readonly id: string
  type: UsageType
  description: string
  names?: readonly string[]
  size: number
  used: number
  shared: boolean
  readonly leased: { readonly name: string; readonly path: string }[]
  readonly notes: string[]
  readonly records: string[]
}

/** The parts that consist of blobs, notes and records. */
export function blobParts(root: string): readonly FoundPart[] {
  const named = namedImages(root)
  const notes = readNotes(root)
  const unnamed = unnamedImages(root, notes, named)
  const described = describedLayers(root)
  const layerOf = layersOfBlobs(root, [...named, ...unnamed])
  const drafts = new Map<string, Draft>()
  const draft = (id: string, initial: Pick<Draft, 'type' | 'description'>): Draft => {
    const known = drafts.get(id) ?? {
      id,
      ...initial,
      size: 0,
      used: 0,
      shared: false,
      leased: [],
      notes: [],
      records: [],
    }
    drafts.set(id, known)
    return known
  }
  const layerDraft = (hex: string): Draft => draft(hex, { ...OF_LAYER, ...described.get(hex) })
  const imageOf = new Map<Digest, Draft>()
  for (const image of named) {
    const { hex } = digestParts(image.digest)
    const target = draft(hex, { type: 'image', description: image.names.join(', ') })
    target.names = image.names
    for (const blob of blobsOf([image])) if (!imageOf.has(blob)) imageOf.set(blob, target)
  }
  const namedLayers = new Map(
    named.flatMap(({ layers: all }) =>
      all.flatMap(({ blob, diffID }) => (diffID ? [[digestParts(diffID).hex, imageOf.get(blob)] as const] : [])),
    ),
  )
  for (const image of unnamed) {
    const target = draft(digestParts(image.digest).hex, { type: 'image', description: 'image without a name' })
    for (const blob of image.documents) if (!imageOf.has(blob)) imageOf.set(blob, target)
  }
  for (const digest of everyBlob(root)) {
    const path = join(root, digestPath(digest))
    const stat = fileStatus(path)
    if (!stat) continue
    const { hex } = digestParts(digest)
    const diffID = layerOf.get(digest)
    const layer = diffID === undefined ? hex : digestParts(diffID).hex
    const isLayer = diffID !== undefined || described.has(hex)
    const target = imageOf.get(digest) ?? (isLayer ? layerDraft(layer) : draft(hex, OF_NOTHING))
    add(target, stat)
    target.leased.push({ name: digest, path })
    if (namedLayers.has(layer)) target.shared = target.names === undefined
  }
  addNotes(notes, { layerOf, namedLayers, imageOf, drafts, draft, layerDraft })
  for (const [hex, target] of drafts) {
    if (target.type === 'image') continue
    // The other encodings are those of images.
    target.notes.push(...encodingsOf(root, hex).flatMap(({ blob, path }) => (imageOf.has(blob) ? [] : [path])))
    if (!target.shared) target.records.push(...(described.get(hex)?.records ?? []))
  }
  for (const [hex, { records }] of described) {
    if (drafts.has(hex) || namedLayers.has(hex)) continue
    // The layer is not here: it was removed, or is in a cache elsewhere.
    const target = draft(INTERNAL_ID, OF_NOTES)
    for (const path of records) add(target, fileStatus(path) ?? { size: 0, mtimeMs: 0 })
    target.records.push(...records)
  }
  // A removal that was killed may have left them.
  const lost = lostEncodings(root).filter((path) => !drafts.has(basename(dirname(path))))
  if (lost.length > 0) draft(INTERNAL_ID, OF_NOTES).notes.push(...lost)
  return [...drafts.values()].map(({ used, ...rest }) => ({ ...rest, lastUsed: new Date(used).toISOString() }))
}

const OF_LAYER = { type: 'regular', description: 'layer of a base image' } as const
const OF_NOTHING = { type: 'regular', description: 'blob that nothing refers to' } as const

function add(target: Draft, { size, mtimeMs }: { readonly size: number; readonly mtimeMs: number }): void {
  target.size += size
  target.used = Math.max(target.used, mtimeMs)
}

/** Images that builds made or started from, and that have no name. */
export function unnamedImages(
  root: string,
  notes: readonly Note[],
  named: readonly NamedParts[],
): readonly ImageParts[] {
  const known = new Set(named.map(({ digest }) => digest))
  const found = new Set<Digest>()
  for (const { kind, path } of notes) {
    const note = IMAGE_NOTES.includes(kind) ? readJsonIfSound(path) : undefined
    if (typeof note !== 'object' || note === null || !('digest' in note) || !isDigest(note.digest)) continue
    if (!known.has(note.digest) && fileStatus(join(root, digestPath(note.digest)))) found.add(note.digest)
  }
  return [...found].map((digest) => imageParts(root, digest))
}

/** The layer of each blob that is one, by images and by the encodings that were recorded. */
function layersOfBlobs(root: string, images: readonly ImageParts[]): ReadonlyMap<Digest, DiffID> {
  const found = new Map<Digest, DiffID>()
  const note = (blob: Digest, diffID: DiffID): void => {
    found.set(blob, diffID).set(diffID, diffID)
  }
  for (const { layers } of images) for (const { blob, diffID } of layers) if (diffID !== undefined) note(blob, diffID)
  for (const hex of namesIn(join(root, 'layers'))) {
    const diffID = `sha256:${hex}` as DiffID
    for (const { blob } of encodingsOf(root, hex)) note(blob, diffID)
  }
  return found
}

/** The files of recorded encodings whose blob is not there. */
export function lostEncodings(root: string): readonly string[] {
  return namesIn(join(root, 'layers')).flatMap((hex) =>
    encodingsOf(root, hex).flatMap(({ blob, path }) => (fileStatus(join(root, digestPath(blob))) ? [] : [path])),
  )
}

/** The recorded encodings of a layer. */
function encodingsOf(root: string, hex: string): readonly { readonly blob: Digest; readonly path: string }[] {
  const directory = join(root, 'layers', hex)
  return (ifExists(() => readdirSync(directory)) ?? []).flatMap((name) => {
    const blob = `sha256:${/([0-9a-f]{64})\.json$/.exec(name)?.[1] ?? ''}`
    return isDigest(blob) ? [{ blob, path: join(directory, name) }] : []
  })
}

interface Drafts {
  readonly layerOf: ReadonlyMap<Digest, DiffID>
  readonly namedLayers: ReadonlyMap<string, Draft | undefined>
  readonly imageOf: ReadonlyMap<Digest, Draft>
  readonly drafts: ReadonlyMap<string, Draft>
  readonly draft: (id: string, initial: Pick<Draft, 'type' | 'description'>) => Draft
  readonly layerDraft: (hex: string) => Draft
}

/** Adds each note to the part that it is about. */
function addNotes(notes: readonly Note[], { layerOf, namedLayers, imageOf, drafts, draft, layerDraft }: Drafts): void {
  for (const note of notes) {
    const { kind, hex } = note
    const digest: Digest = `sha256:${hex}`
    let target: Draft | undefined
    if (LAYER_NOTES.includes(kind)) target = namedLayers.get(hex) ?? layerDraft(hex)
    else if (BLOB_NOTES.includes(kind)) {
      const diffID = layerOf.get(digest)
      target = imageOf.get(digest) ?? (diffID && drafts.get(digestParts(diffID).hex))
    } else if (CONTEXT_NOTES.includes(kind)) {
      target = draft(hex, { type: 'source.local', description: 'files of a build context' })
    } else if (kind === 'manifest') target = imageOf.get(digest)
    target ??= draft(INTERNAL_ID, OF_NOTES)
    add(target, note)
    target.notes.push(note.path)
  }
}

const INTERNAL_ID = '0'.repeat(64)
const OF_NOTES = { type: 'internal', description: 'notes, and records of layers that are not here' } as const
