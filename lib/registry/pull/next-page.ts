// Reads lists in pages (distribution-spec, "Listing tags" and "Listing referrers").
import { TsbuildError } from '../../base/errors.ts'
import type { HttpResponse } from '../../http/types.ts'
import type { ManifestRequest } from './fetch-manifest.ts'

/** The limit of pages: more of them are a list that never ends. */
const MAX_PAGES = 1000

/**
 * Requests the pages of a list; each response links to the next. The path is below `/v2/`. Errors with
 * `REGISTRY_INVALID` for an endless list.
 */
export async function* pages(path: string, accept: string, request: ManifestRequest): AsyncIterable<HttpResponse> {
  const { client, repository, doing, signal } = request
  const origin = await client.origin(repository, signal)
  const seen = new Set<string>()
  for (let next: string | undefined = `/v2/${path}`; next !== undefined; ) {
    if (seen.has(next) || seen.size === MAX_PAGES) {
      throw new TsbuildError('REGISTRY_INVALID', `${doing} failed: the list of ${repository.domain} does not end`)
    }
    seen.add(next)
    const url = new URL(next, origin)
    const response = await client.request({ repository, path: url, actions: 'pull', headers: { accept }, signal })
    next = nextPath(response.headers.get('link'), url)
    yield response
  }
}

/**
 * The path and query of the next page (RFC 8288). The host of the link is ignored, since a registry behind a proxy
 * may have a wrong name for itself.
 */
function nextPath(link: string | undefined, base: URL): string | undefined {
  for (const [, target = '', parameters = ''] of (link ?? '').matchAll(/<([^>]*)>((?:\s*;[^,;"]*(?:"[^"]*")?)*)/g)) {
    if (
      !/;\s*rel\s*=\s*(?:"(?:[^"]*\s)?next(?:\s[^"]*)?"|next\b)/i.test(parameters) ||
      !URL.canParse(target, base.href)
    )
      continue
    const { pathname, search } = new URL(target, base)
    return pathname + search
  }
  return undefined
}
