// Annotations of an index and of its entries, in the syntax of docker buildx.
import { TsbuildError } from '../base/errors.ts'
import { suggest } from '../base/suggest.ts'
import { isFor } from './filter-platforms.ts'
import { formatPlatform, parsePlatform } from './platform.ts'
import type { Descriptor, ImageIndex, Platform } from './types.ts'

export interface IndexAnnotation {
  /** The index itself, or the descriptors of its manifests. */
  readonly on: 'index' | 'manifest-descriptor'
  /** Annotate only the descriptors for this platform. */
  readonly platform?: Platform
  readonly key: string
  readonly value: string
}

const KINDS = ['index', 'manifest-descriptor', 'manifest', 'index-descriptor']

/**
 * Parses `index:KEY=VALUE` or `manifest-descriptor[PLATFORM]:KEY=VALUE`; several kinds are separated by commas.
 * Errors with `OPTION_INVALID`, with `PLATFORM_INVALID`, and with `UNSUPPORTED` for annotations in manifests, which
 * exist already and cannot be changed.
 */
export function parseIndexAnnotation(text: string): readonly IndexAnnotation[] {
  const equals = text.indexOf('=')
  if (equals === -1) throw invalid(text, 'expected KEY=VALUE')
  const before = text.slice(0, equals)
  const value = text.slice(equals + 1)
  const colon = before.indexOf(':')
  if (colon === -1) throw onManifest(text)
  const key = before.slice(colon + 1)
  if (key === '') throw invalid(text, 'its key is empty')
  return before
    .slice(0, colon)
    .split(',')
    .map((kind): IndexAnnotation => {
      const [, on = '', platform] = /^([a-z-]+)(?:\[([A-Za-z0-9_/.-]+)\])?$/.exec(kind) ?? []
      if (on === 'index' && platform === undefined) return { on, key, value }
      if (on === 'manifest-descriptor') {
        return { on, key, value, ...(platform !== undefined && { platform: parsePlatform(platform) }) }
      }
      if (on === 'manifest') throw onManifest(text)
      if (on === 'index') throw invalid(text, 'an index is of no platform')
      if (on === 'index-descriptor') throw invalid(text, 'nothing refers to the index by a descriptor')
      const near = suggest(on, KINDS)
      throw invalid(text, `unknown kind ${JSON.stringify(kind)}`, near && `did you mean ${JSON.stringify(near)}?`)
    })
}

/** An index with annotations. Errors with `PLATFORM_NOT_FOUND` for a platform that the index does not have. */
export function annotateIndex(index: ImageIndex, annotations: readonly IndexAnnotation[]): ImageIndex {
  const own = annotations.filter(({ on }) => on === 'index').map(({ key, value }) => [key, value])
  const ofEntries = annotations.filter(({ on }) => on === 'manifest-descriptor')
  for (const { platform, key } of ofEntries) {
    if (!platform || index.manifests.some((entry) => isFor(entry, platform))) continue
    const message = `there is no image for ${formatPlatform(platform)} to annotate with ${JSON.stringify(key)}`
    throw new TsbuildError('PLATFORM_NOT_FOUND', message)
  }
  const manifests = index.manifests.map((entry): Descriptor => {
    const added = ofEntries.filter(({ platform }) => !platform || isFor(entry, platform))
    if (added.length === 0) return entry
    const pairs = Object.fromEntries(added.map(({ key, value }) => [key, value]))
    return { ...entry, annotations: { ...entry.annotations, ...pairs } }
  })
  return {
    ...index,
    manifests,
    ...(own.length > 0 && { annotations: { ...index.annotations, ...Object.fromEntries(own) } }),
  }
}

function onManifest(text: string): TsbuildError {
  return new TsbuildError(
    'UNSUPPORTED',
    `annotation ${JSON.stringify(text)} is for manifests, which stay as they are`,
    {
      hint: `write "index:${text.replace(/^manifest[^:]*:/, '')}" or "manifest-descriptor:…"`,
    },
  )
}

function invalid(text: string, why: string, hint?: string): TsbuildError {
  return new TsbuildError('OPTION_INVALID', `invalid annotation ${JSON.stringify(text)}: ${why}`, { hint })
}
