// Resolves the names in FROM, COPY --from and RUN --mount=from=: named contexts, images of the store, images in
// registries.
import { TsbuildError } from '../../base/errors.ts'
import { suggest } from '../../base/suggest.ts'
import type { Store } from '../../cache/store.ts'
import type { ContextFiles } from '../../context/context-source.ts'
import type { ResolvedName } from '../../graph/resolved-name.ts'
import type { ResolvedImage } from '../../graph/types.ts'
import type { RemoteBases } from '../../images/remote-bases.ts'
import type { ContentReader } from '../../oci/content.ts'
import { openLayout, parseLayoutReference } from '../../oci/layout.ts'
import { readImage } from '../../oci/read-image.ts'
import { familiarReference, normaliseName, parseReference, withDefaultTag } from '../../oci/reference.ts'
import type { Descriptor, Digest, Platform } from '../../oci/types.ts'
import { checkDirectory, contextID, contextKey, parseNamedSource } from './named-contexts.ts'

/** Resolves names for one build, and keeps the readers of the images that it found outside the store. */
export interface NameResolver {
  resolve(name: string, platform: Platform): Promise<ResolvedName>
  /** A resolver of the named context that replaces a stage of this name; undefined if there is none. */
  override(name: string, platform: Platform): (() => Promise<ResolvedName>) | undefined
  /** Readers of images outside the store, by manifest digest. */
  readonly images: ReadonlyMap<Digest, ContentReader>
}

interface Named {
  readonly name: string
  readonly source: ContextFiles
}

/** Creates a resolver. `remote` finds images in registries; without it only the local store is searched. */
export function createNameResolver(
  store: Store,
  namedContexts: Readonly<Record<string, ContextFiles>>,
  remote?: RemoteBases,
): NameResolver {
  const images = new Map<Digest, ContentReader>()
  const named = new Map<string, Named>(
    Object.entries(namedContexts).map(([name, source]) => [contextKey(name), { name, source }]),
  )

  const imageFrom = async (
    reader: ContentReader,
    descriptor: Descriptor,
    name: string,
    platform: Platform,
  ): Promise<ResolvedName> => {
    const image = await readImage(reader, descriptor, platform)
    if (reader !== store) images.set(image.descriptor.digest, reader)
    const resolved: ResolvedImage = { name, descriptor: image.descriptor, config: image.config }
    return { kind: 'image', image: resolved }
  }
  const stored = async (name: string, platform: Platform): Promise<ResolvedName> => {
    const full = normaliseName(name)
    const descriptor = remote?.policy === 'always' ? undefined : store.references.find(full)
    const here = descriptor && (await imageFrom(store, descriptor, full, platform).catch(unlessPartial(remote)))
    if (here) return here
    const image = await remote?.find(full, platform).catch((error: unknown) => {
      throw notPulled(error, name, nearName(name))
    })
    if (image) return { kind: 'image', image: { name: full, descriptor: image.descriptor, config: image.config } }
    const near = nearName(name)
    throw new TsbuildError('IMAGE_NOT_FOUND', `image ${JSON.stringify(name)} is not in the local store`, {
      hint: near
        ? `did you mean ${JSON.stringify(near)}?`
        : `get it with "tsbuild pull" or "tsbuild load", or use an OCI layout with --build-context ${name}=oci-layout://DIR`,
    })
  }
  const nearName = (name: string): string | undefined => {
    const known = store.references.list().map((reference) => familiarReference(parseReference(reference.name)))
    return suggest(familiarReference(withDefaultTag(parseReference(name))), known)
  }
  const context = (name: string, platform: Platform): (() => Promise<ResolvedName>) | undefined => {
    const found = named.get(contextKey(name))
    return found && (() => openNamed(found, name, platform))
  }
  const openNamed = async (found: Named, name: string, platform: Platform): Promise<ResolvedName> => {
    const source = parseNamedSource(found.source)
    switch (source.kind) {
      case 'docker-image':
        return source.image === 'scratch' ? { kind: 'scratch' } : stored(source.image, platform)
      case 'oci-layout': {
        const { directory, reference } = parseLayoutReference(source.layout)
        const layout = openLayout(directory)
        return imageFrom(layout, layout.find(reference), name, platform)
      }
      case 'files':
        if (typeof source.source === 'string') await checkDirectory(found.name, source.source)
        return { kind: 'files', context: contextID(found.name) }
    }
  }
  return {
    images,
    override: context,
    resolve: (name, platform) => context(name, platform)?.() ?? stored(name, platform),
  }
}

/** A pulled index may lack the images of other platforms. If there is a registry, such an image counts as not found. */
function unlessPartial(remote: RemoteBases | undefined): (error: unknown) => undefined {
  return (error) => {
    if (remote && error instanceof TsbuildError && error.code === 'BLOB_NOT_FOUND') return undefined
    throw error
  }
}

/**
 * Extends the error of a registry for a name that is not in the store either, with a similar name of the store
 * if there is one.
 */
function notPulled(error: unknown, name: string, near: string | undefined): unknown {
  if (!(error instanceof TsbuildError)) return error
  const { message, hint } = error
  const local = near ? [`did you mean ${JSON.stringify(near)}, which is in the local store?`] : []
  const advice = [...local, ...(hint === undefined ? [] : [hint])].join('; ')
  return error.with({
    message: `image ${JSON.stringify(name)} is not in the local store, and ${message}`,
    hint: advice || undefined,
  })
}
