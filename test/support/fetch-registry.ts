// A registry without a socket: a fetch function over maps, with a password for each user.

import type { Fetch } from '../../lib/index.ts'
import { sha256 } from '../../lib/oci/digest.ts'

export interface FetchRegistry {
  readonly fetch: Fetch
  /** Each request, as method, URL and user. */
  readonly requests: string[]
}

/** `users` are passwords by name. Repositories are shared. */
export function fetchRegistry(host: string, users: Readonly<Record<string, string>>): FetchRegistry {
  const blobs = new Map<string, Uint8Array>()
  const manifests = new Map<string, { readonly type: string; readonly bytes: Uint8Array }>()
  const requests: string[] = []
  const allowed = new Map(
    Object.entries(users).map(([user, password]) => [
      `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`,
      user,
    ]),
  )

  const answer = async (url: URL, method: string, init: RequestInit): Promise<Response> => {
    const [, path, kind, reference = ''] = /^\/v2\/(.+)\/(blobs|manifests)\/(.*)$/.exec(url.pathname) ?? []
    if (path === undefined) return new Response(null, { status: 404 })
    const key = `${path} ${reference}`
    if (kind === 'manifests' && method === 'PUT') {
      const bytes = await bodyOf(init)
      const digest = sha256(bytes)
      const type = new Headers(init.headers).get('content-type') ?? ''
      for (const name of [reference, digest]) manifests.set(`${path} ${name}`, { type, bytes })
      return new Response(null, { status: 201, headers: { 'docker-content-digest': digest } })
    }
    if (kind === 'manifests') {
      const found = manifests.get(key)
      if (!found) return new Response(null, { status: 404 })
      const headers = { 'content-type': found.type, 'docker-content-digest': sha256(found.bytes) }
      return new Response(method === 'HEAD' ? null : new Uint8Array(found.bytes), { headers })
    }
    if (method === 'POST')
      return new Response(null, { status: 202, headers: { location: `/v2/${path}/blobs/uploads/1` } })
    if (method === 'PATCH') {
      uploads.push(await bodyOf(init))
      return new Response(null, { status: 202, headers: { location: url.pathname } })
    }
    if (method === 'PUT') {
      const bytes = Buffer.concat([...uploads.splice(0), await bodyOf(init)])
      blobs.set(url.searchParams.get('digest') ?? '', bytes)
      return new Response(null, { status: 201 })
    }
    const found = blobs.get(reference)
    if (!found) return new Response(null, { status: 404 })
    return new Response(method === 'HEAD' ? null : new Uint8Array(found), {
      headers: { 'content-length': String(found.byteLength) },
    })
  }
  const uploads: Uint8Array[] = []

  return {
    requests,
    fetch: async (text, init) => {
      const url = new URL(text)
      const method = init.method ?? 'GET'
      const user = allowed.get(new Headers(init.headers).get('authorization') ?? '')
      requests.push(`${method} ${url.href} ${user ?? '-'}`)
      if (url.host !== host) return new Response('not here', { status: 404 })
      if (user === undefined) {
        return new Response(null, { status: 401, headers: { 'www-authenticate': 'Basic realm="test"' } })
      }
      return answer(url, method, init)
    },
  }
}

async function bodyOf(init: RequestInit): Promise<Uint8Array> {
  return new Uint8Array(await new Response(init.body ?? null).arrayBuffer())
}
