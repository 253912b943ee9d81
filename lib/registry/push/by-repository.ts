import type { Reference } from '../../oci/reference.ts'

/** Groups references by repository, in their order, so that each repository gets the content once. */
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
