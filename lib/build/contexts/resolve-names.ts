// What the names in FROM, --from and --build-context stand for.
import { stat } from 'node:fs/promises'
import { TsbuildError } from '../../base/errors.ts'
import { suggest } from '../../base/suggest.ts'
import type { Store } from '../../cache/store.ts'
import type { NamedContext } from '../../context/context-source.ts'
import { parseContextUrl } from '../../context/parse-context-url.ts'
import type { ResolvedName } from '../../graph/resolved-name.ts'
import type { ResolvedImage } from '../../graph/types.ts'
import type { RemoteBases } from '../../images/remote-bases.ts'
import type { ContentReader } from '../../oci/content.ts'
import { openLayout, parseLayoutReference } from '../../oci/layout.ts'
import { readImage } from '../../oci/read-image.ts'
import { familiarReference, normaliseName, parseReference, withDefaultTag } from '../../oci/reference.ts'
import type { Descriptor, Digest, Platform } from '../../oci/types.ts'

/** Resolves names for one build, and remembers where the images that it found have their blobs. */
export interface NameResolver {
  resolve(name: string, platform: Platform): Promise<ResolvedName>
  /** What finds the named context that replaces a stage of this name, if there is one. */
  override(name: string, platform: Platform): (() => Promise<ResolvedName>) | undefined
  /** Readers of images outside the store, by manifest digest. */
  readonly images: ReadonlyMap<Digest, ContentReader>
}

interface Named {
  readonly name: string
  readonly source: NamedContext
}

/** `remote` finds images in registries; without it, names are those of the local store alone. */
export function createNameResolver(
  store: Store,
  namedContexts: Readonly<Record<string, NamedContext>>,
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
        : `bring it in with "tsbuild pull" or "tsbuild load", or point to a layout with --build-context ${name}=oci-layout://DIR`,
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
    const { source } = found
    if (typeof source !== 'string') return { kind: 'files', context: contextID(found.name) }
    if (source.startsWith('oci-layout://')) {
      const { directory, reference } = parseLayoutReference(source)
      const layout = openLayout(directory)
      return imageFrom(layout, layout.find(reference), name, platform)
    }
    if (source.startsWith('docker-image://')) {
      const image = source.slice('docker-image://'.length)
      return image === 'scratch' ? { kind: 'scratch' } : stored(image, platform)
    }
    await checkDirectory(found.name, source)
    return { kind: 'files', context: contextID(found.name) }
  }
  return {
    images,
    override: context,
    resolve: (name, platform) => context(name, platform)?.() ?? stored(name, platform),
  }
}

/** Of an index that was pulled, the images of other platforms may be missing: they can be asked for. */
function unlessPartial(remote: RemoteBases | undefined): (error: unknown) => undefined {
  return (error) => {
    if (remote && error instanceof TsbuildError && error.code === 'BLOB_NOT_FOUND') return undefined
    throw error
  }
}

/** An error of a registry for a name that is not in the store either, where something like it may be meant. */
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

/** The named contexts that hold files: these have to be opened. */
export function fileContexts(namedContexts: Readonly<Record<string, NamedContext>>): [string, NamedContext][] {
  const isImage = (source: NamedContext): boolean =>
    typeof source === 'string' && /^(oci-layout|docker-image):\/\//.test(source)
  const files = Object.entries(namedContexts).filter(([, source]) => !isImage(source))
  return files.map(([name, source]) => [contextID(name), source])
}

/** What the graph calls a named context: `context` is the build context there, whatever a named one is called. */
const contextID = (name: string): string => (name === 'context' ? './context' : name)

/** `Alpine`, `alpine:latest` and `docker.io/library/alpine` name the same context. */
function contextKey(name: string): string {
  try {
    return familiarReference(parseReference(name.toLowerCase())).replace(/:latest$/, '')
  } catch (error) {
    // Names of stages need not be image names.
    if (!(error instanceof TsbuildError)) throw error
    return name.toLowerCase()
  }
}

async function checkDirectory(name: string, path: string): Promise<void> {
  if (parseContextUrl(path)) return
  const found = await stat(path).catch((cause: Error) => cause)
  if (found instanceof Error) {
    throw new TsbuildError(
      'CONTEXT_NOT_FOUND',
      `the build context ${JSON.stringify(name)} is not at ${JSON.stringify(path)}`,
      { cause: found },
    )
  }
  if (!found.isDirectory()) {
    throw new TsbuildError(
      'CONTEXT_INVALID',
      `the build context ${JSON.stringify(name)} is not a directory: ${JSON.stringify(path)}`,
    )
  }
}
