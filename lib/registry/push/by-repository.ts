import type { Reference } from '../../oci/reference.ts'

/** References that name the same repository, together and in their order: a repository gets everything once. */
export function byRepository(references: readonly Reference[]): readonly (readonly [Reference, ...Reference[]])[] {
  const repositories = new Map<string, [Reference, ...Reference[]]>()
  for (const reference of references) {
    const key = `${reference.domain}/${reference.path}`
    const known = repositories.get(key)
    if (known) known.push(reference)
    else repositories.set(key, [reference])
  }
  return [...repositories.values()]
}
