// Records the repositories that have a blob, so that a push to the same registry mounts the blob instead of uploading
// it.
import type { ContentStore } from '../../oci/content.ts'
import type { Digest } from '../../oci/types.ts'
import type { RepositoryName } from '../hosts.ts'

type Derived = Pick<ContentStore, 'readDerived' | 'writeDerived'>

const KIND = 'origin'
const LIMIT = 8

/** Records that a repository has a blob. */
export function rememberOrigin(store: Derived, digest: Digest, { domain, path }: RepositoryName): void {
  const name = `${domain}/${path}`
  const known = names(store, digest)
  if (known[0] === name) return
  const list = [name, ...known.filter((other) => other !== name)].slice(0, LIMIT)
  store.writeDerived(KIND, digest, Buffer.from(JSON.stringify(list)))
}

/** The repositories known to have a blob, the latest first. */
export function originsOf(store: Derived, digest: Digest): readonly RepositoryName[] {
  return names(store, digest).flatMap((name) => {
    const slash = name.indexOf('/')
    return { domain: name.slice(0, slash), path: name.slice(slash + 1) }
  })
}

function names(store: Derived, digest: Digest): readonly string[] {
  const bytes = store.readDerived(KIND, digest)
  return bytes ? readList(Buffer.from(bytes).toString()) : []
}

/** A damaged record counts as absent. */
function readList(text: string): readonly string[] {
  try {
    const value: unknown = JSON.parse(text)
    if (!Array.isArray(value)) return []
    return value.filter((name): name is string => typeof name === 'string' && isName(name))
  } catch (error) {
    if (error instanceof SyntaxError) return []
    throw error
  }
}

const isName = (name: string): boolean => /^[a-zA-Z0-9.:[\]-]+\/[a-z0-9._/-]+$/.test(name)
