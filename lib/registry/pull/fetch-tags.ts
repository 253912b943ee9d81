import { TsbuildError } from '../../base/errors.ts'
import { JSON_LIMIT } from '../../base/input-limit.ts'
import { readBody } from '../../http/read-body.ts'
import { arrayAt, at, type JsonLocation, objectAt, stringAt } from '../../oci/guard.ts'
import { parseJson } from '../../oci/json.ts'
import { registryError } from '../registry-error.ts'
import type { ManifestRequest } from './fetch-manifest.ts'
import { pages } from './next-page.ts'

const MAX_TAGS = 1_000_000

/**
 * The tags of a repository, in the registry's order. Errors with `IMAGE_NOT_FOUND` for a missing repository, with
 * `REGISTRY_INVALID`, and as requests do.
 */
export async function fetchTags(request: ManifestRequest): Promise<readonly string[]> {
  const { client, repository, doing } = request
  const tags: string[] = []
  for await (const response of pages(`${repository.path}/tags/list`, 'application/json', request)) {
    if (response.status !== 200) {
      throw await registryError(response, { doing, repository, client, actions: 'pull', missing: 'IMAGE_NOT_FOUND' })
    }
    const location: JsonLocation = {
      code: 'REGISTRY_INVALID',
      what: `list of tags from ${repository.domain}`,
      path: '',
    }
    const object = objectAt(parseJson(await readBody(response, JSON_LIMIT), location.code, location.what), location)
    // Registries written in Go send null for a repository without tags.
    tags.push(...arrayAt(object['tags'] ?? [], at(location, 'tags'), stringAt))
    if (tags.length > MAX_TAGS) throw new TsbuildError('REGISTRY_INVALID', `${location.what} has more than ${MAX_TAGS}`)
  }
  return tags
}
