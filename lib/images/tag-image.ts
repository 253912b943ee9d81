import { TsbuildError } from '../base/errors.ts'
import type { Store } from '../cache/store.ts'
import { formatReference, parseReference, withDefaultTag } from '../oci/reference.ts'
import { findStored } from './find-stored.ts'
import { nameImage } from './name-image.ts'

/**
 * Gives an image another name, and returns the full name. Errors as `findStored` does, and with
 * `REFERENCE_INVALID`.
 *
 * @example
 * ```ts
 * import { build, openStore, tagImage } from '@tsbuild/tsbuild'
 *
 * await build({ context: new Map([['Dockerfile', 'FROM scratch\nCOPY Dockerfile /\n']]), tags: ['app:1'] })
 * console.log(await tagImage(openStore(), 'app:1', 'app:stable')) // docker.io/library/app:stable
 * ```
 */
export async function tagImage(store: Store, source: string, target: string): Promise<string> {
  using _kept = store.leases?.begin()
  const reference = withDefaultTag(parseReference(target))
  if (reference.digest) {
    throw new TsbuildError('REFERENCE_INVALID', `${JSON.stringify(target)} has a digest, which can not be chosen`, {
      hint: 'leave out what follows "@"',
    })
  }
  const { descriptor } = await findStored(store, source)
  const name = formatReference(reference)
  await nameImage(store, descriptor, [name])
  return name
}
