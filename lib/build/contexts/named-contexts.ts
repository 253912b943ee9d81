// Named contexts (--build-context NAME=SOURCE): their kinds, and the names by which builds refer to them.
import { stat } from 'node:fs/promises'
import { TsbuildError } from '../../base/errors.ts'
import type { ContextFiles } from '../../context/context-source.ts'
import { parseContextUrl } from '../../context/parse-context-url.ts'
import { familiarReference, parseReference } from '../../oci/reference.ts'

const DOCKER_IMAGE = 'docker-image://'
const OCI_LAYOUT = 'oci-layout://'

/** The source of a named context: an image (`docker-image://NAME`), an OCI layout (`oci-layout://DIR`), or files. */
export type NamedSource =
  | { readonly kind: 'docker-image'; readonly image: string }
  | { readonly kind: 'oci-layout'; readonly layout: string }
  | { readonly kind: 'files'; readonly source: ContextFiles }

export function parseNamedSource(source: ContextFiles): NamedSource {
  if (typeof source === 'string' && source.startsWith(DOCKER_IMAGE)) {
    return { kind: 'docker-image', image: source.slice(DOCKER_IMAGE.length) }
  }
  if (typeof source === 'string' && source.startsWith(OCI_LAYOUT)) return { kind: 'oci-layout', layout: source }
  return { kind: 'files', source }
}

/** The named contexts that hold files, by their ids in the graph. */
export function fileContexts(namedContexts: Readonly<Record<string, ContextFiles>>): [string, ContextFiles][] {
  const files = Object.entries(namedContexts).filter(([, source]) => parseNamedSource(source).kind === 'files')
  return files.map(([name, source]) => [contextID(name), source])
}

/**
 * The id of a named context in the graph. There `context` is the main context, even if a named context has that
 * name.
 */
export const contextID = (name: string): string => (name === 'context' ? './context' : name)

/** A key under which `Alpine`, `alpine:latest` and `docker.io/library/alpine` are the same named context. */
export function contextKey(name: string): string {
  try {
    return familiarReference(parseReference(name.toLowerCase())).replace(/:latest$/, '')
  } catch (error) {
    // The name of a stage need not be the name of an image.
    if (!(error instanceof TsbuildError)) throw error
    return name.toLowerCase()
  }
}

/** Checks that a source which is a path is a directory. Errors with `CONTEXT_NOT_FOUND` and `CONTEXT_INVALID`. */
export async function checkDirectory(name: string, path: string): Promise<void> {
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
