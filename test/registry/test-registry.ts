// A registry in the test's process: distribution-spec's pull and push, tokens, and a place for faults.
import { hash } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'
import { digestParts, sha256 } from '../../lib/oci/digest.ts'
import { imageBlobs } from '../../lib/oci/image-blobs.ts'
import { isIndexType, isManifestType } from '../../lib/oci/media-types.ts'
import type { Descriptor, Digest } from '../../lib/oci/types.ts'
import type { MemoryStore } from '../support/memory-store.ts'

interface StoredManifest {
  readonly type: string
  readonly bytes: Buffer
}

interface Repository {
  readonly blobs: Map<string, Buffer>
  /** By tag and by digest. */
  readonly manifests: Map<string, StoredManifest>
}

interface Upload {
  readonly repository: string
  bytes: Buffer
}

/** Answers a request in the registry's place, and returns true; or lets it pass. */
export type Fault = (request: IncomingMessage, response: ServerResponse, registry: TestRegistry) => boolean

export interface TestRegistryOptions {
  /**
   * `basic`: user and password with each request. `bearer`: tokens, for user and password where there are some,
   * else for anybody's pulls.
   */
  readonly auth?: 'basic' | 'bearer'
  readonly user?: string
  readonly password?: string
  /** The largest body of a request. */
  readonly bodyLimit?: number
  /** Knows the referrers API; `unfiltered`: but not to filter. */
  readonly referrers?: boolean | 'unfiltered'
  /** Announced as the smallest part of an upload, and demanded of all but the last. */
  readonly leastPart?: number
  /** Entries of a page of a list, where it has pages. */
  readonly pageSize?: number
}

export interface TestRegistry {
  /** `127.0.0.1:PORT` */
  readonly host: string
  readonly origin: string
  /** `METHOD /path`, as they came. */
  readonly requests: string[]
  /** Bytes of bodies that came with PUT and PATCH of blobs. */
  uploaded: number
  /** Uploads that were started and neither ended nor given up. */
  readonly pendingUploads: readonly string[]
  fault: Fault | undefined
  /** Forgets the tokens given out. */
  revoke(): void
  repository(name: string): Repository
  /** Puts an image of a store below a name. */
  add(name: string, tag: string, store: MemoryStore, descriptor: Descriptor): Promise<void>
}

/** Starts a registry on a free loopback port, until the test ends. */
export async function startRegistry(options: TestRegistryOptions = {}): Promise<TestRegistry> {
  const repositories = new Map<string, Repository>()
  const uploads = new Map<string, Upload>()
  const tokens = new Set<string>()
  const repository = (name: string): Repository => {
    const known = repositories.get(name) ?? { blobs: new Map(), manifests: new Map() }
    repositories.set(name, known)
    return known
  }
  const server = createServer((request, response) => {
    registry.requests.push(`${request.method} ${request.url}`)
    if (registry.fault?.(request, response, registry)) return
    handle(request, response).catch((error: unknown) => response.destroy(error as Error))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`
  const registry: TestRegistry = {
    host,
    origin: `http://${host}`,
    requests: [],
    uploaded: 0,
    get pendingUploads() {
      return [...uploads.keys()]
    },
    fault: undefined,
    revoke: () => tokens.clear(),
    repository,
    add: async (name, tag, store, descriptor) => {
      const { blobs, manifests } = repository(name)
      for (const blob of await imageBlobs(store, descriptor)) {
        const bytes = Buffer.from(await store.read(blob))
        if (!isIndexType(blob.mediaType) && !isManifestType(blob.mediaType)) blobs.set(blob.digest, bytes)
        else manifests.set(blob.digest, { type: blob.mediaType, bytes })
      }
      const named = manifests.get(descriptor.digest)
      if (named) manifests.set(tag, named)
    },
  }

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = new URL(request.url ?? '/', registry.origin)
    if (url.pathname === '/token') return giveToken(request, response, url)
    const match = /^\/v2\/(?:(.+)\/(manifests|blobs\/uploads|blobs|referrers|tags)\/([^/]*))?$/.exec(url.pathname)
    if (!match) return fail(response, 404, 'NOT_FOUND', 'no such page')
    const [, name = '', kind, reference = ''] = match
    if (!isAllowed(request, name)) return challenge(request, response, name)
    if (name === '') return void response.end('{}')
    if (kind === 'manifests') return manifest(request, response, name, reference)
    if (kind === 'tags') return list(response, url, tagsOf(name), (tags) => ({ name, tags }))
    if (kind === 'referrers') return referrers(response, url, name, reference)
    if (kind === 'blobs') return blob(request, response, name, reference)
    return upload(request, response, name, reference, url)
  }

  const isUser = (request: IncomingMessage): boolean =>
    request.headers.authorization ===
    `Basic ${Buffer.from(`${options.user ?? ''}:${options.password ?? ''}`).toString('base64')}`

  const isAllowed = (request: IncomingMessage, name: string): boolean => {
    if (options.auth === undefined) return true
    if (options.auth === 'basic') return isUser(request)
    const value = request.headers.authorization?.replace(/^Bearer /, '') ?? ''
    if (!tokens.has(value)) return false
    const scopes = JSON.parse(Buffer.from(value, 'base64url').toString()).scopes as string[]
    const action = request.method === 'GET' || request.method === 'HEAD' ? 'pull' : 'push'
    return name === '' || scopes.some((scope) => scope.startsWith(`repository:${name}:`) && scope.includes(action))
  }

  const challenge = (request: IncomingMessage, response: ServerResponse, name: string): void => {
    const actions = request.method === 'GET' || request.method === 'HEAD' ? 'pull' : 'pull,push'
    const scope = name === '' ? '' : `,scope="repository:${name}:${actions}"`
    const value =
      options.auth === 'basic'
        ? 'Basic realm="Registry Realm"'
        : `Bearer realm="${registry.origin}/token",service="test"${scope}`
    response.setHeader('www-authenticate', value)
    fail(response, 401, 'UNAUTHORIZED', 'authentication required')
  }

  let serial = 0
  let started = 0
  const giveToken = (request: IncomingMessage, response: ServerResponse, url: URL): void => {
    const scopes = url.searchParams.getAll('scope')
    const known = options.user !== undefined && isUser(request)
    const wantsPush = scopes.some((scope) => scope.includes('push'))
    if ((request.headers.authorization && !known) || (wantsPush && options.user !== undefined && !known)) {
      fail(response, 401, 'UNAUTHORIZED', 'incorrect username or password')
      return
    }
    const token = Buffer.from(JSON.stringify({ serial: serial++, scopes })).toString('base64url')
    tokens.add(token)
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify({ token, expires_in: 300 }))
  }

  const manifest = async (
    request: IncomingMessage,
    response: ServerResponse,
    name: string,
    reference: string,
  ): Promise<void> => {
    const { manifests, blobs } = repository(name)
    if (request.method === 'PUT') {
      const bytes = await bodyOf(request)
      const value = JSON.parse(bytes.toString())
      const children: Descriptor[] = [...(value.layers ?? []), ...(value.config ? [value.config] : [])]
      const missing = [
        ...children.filter(({ digest }) => !blobs.has(digest)),
        ...((value.manifests ?? []) as Descriptor[]).filter(({ digest }) => !manifests.has(digest)),
      ]
      if (missing.length > 0) return fail(response, 404, 'MANIFEST_BLOB_UNKNOWN', `unknown ${missing[0]?.digest}`)
      const stored = { type: request.headers['content-type'] ?? '', bytes }
      const digest = sha256(bytes)
      manifests.set(digest, stored)
      manifests.set(reference, stored)
      const subject = options.referrers && value.subject ? { 'oci-subject': value.subject.digest } : {}
      response.writeHead(201, { 'docker-content-digest': digest, ...subject }).end()
      return
    }
    const found = manifests.get(reference)
    if (!found) return fail(response, 404, 'MANIFEST_UNKNOWN', 'manifest unknown')
    const headers = { 'content-type': found.type, 'docker-content-digest': sha256(found.bytes) }
    response.writeHead(200, { ...headers, 'content-length': found.bytes.byteLength })
    response.end(request.method === 'HEAD' ? undefined : found.bytes)
  }

  const tagsOf = (name: string): readonly string[] =>
    [...repository(name).manifests.keys()].filter((key) => !key.includes(':')).sort()

  const referrers = (response: ServerResponse, url: URL, name: string, subject: string): void => {
    if (!options.referrers) {
      fail(response, 404, 'NOT_FOUND', 'no such page')
      return
    }
    const type = url.searchParams.get('artifactType')
    const all = [...repository(name).manifests].flatMap(([key, { type: mediaType, bytes }]) => {
      const value = JSON.parse(bytes.toString())
      if (!key.includes(':') || value.subject?.digest !== subject) return []
      const artifactType = value.artifactType ?? value.config?.mediaType
      return { mediaType, digest: key, size: bytes.byteLength, artifactType, annotations: value.annotations }
    })
    const filters = type !== null && options.referrers === true
    if (filters) response.setHeader('oci-filters-applied', 'artifactType')
    response.setHeader('content-type', 'application/vnd.oci.image.index.v1+json')
    const wanted = filters ? all.filter(({ artifactType }) => artifactType === type) : all
    list(response, url, wanted, (manifests) => ({ schemaVersion: 2, manifests }))
  }

  /** A page of a list, with a Link to the next. */
  const list = <T>(
    response: ServerResponse,
    url: URL,
    all: readonly T[],
    shape: (page: readonly T[]) => Record<string, unknown>,
  ): void => {
    const start = Number(url.searchParams.get('start') ?? 0)
    const end = start + (options.pageSize ?? all.length)
    if (end < all.length) {
      url.searchParams.set('start', String(end))
      response.setHeader('link', `<${url.pathname}${url.search}>; rel="next"`)
    }
    response.end(JSON.stringify(shape(all.slice(start, end))))
  }

  const blob = (request: IncomingMessage, response: ServerResponse, name: string, digest: string): void => {
    const bytes = repository(name).blobs.get(digest)
    if (!bytes) {
      fail(response, 404, 'BLOB_UNKNOWN', 'blob unknown to registry')
      return
    }
    const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0)
    const headers = { 'content-length': bytes.byteLength - start, 'content-type': 'application/octet-stream' }
    const range = { 'content-range': `bytes ${start}-${bytes.byteLength - 1}/${bytes.byteLength}` }
    if (start > 0) response.writeHead(206, { ...headers, ...range })
    else response.writeHead(200, headers)
    response.end(request.method === 'HEAD' ? undefined : bytes.subarray(start))
  }

  const upload = async (
    request: IncomingMessage,
    response: ServerResponse,
    name: string,
    id: string,
    url: URL,
  ): Promise<void> => {
    const least = options.leastPart === undefined ? {} : { 'oci-chunk-min-length': String(options.leastPart) }
    const at = (key: string): Record<string, string> => ({
      location: `/v2/${name}/blobs/uploads/${key}?state=a%2Fb`,
      ...least,
    })
    if (request.method === 'POST') {
      const [mount, from] = [url.searchParams.get('mount'), url.searchParams.get('from')]
      const bytes = mount && from ? repositories.get(from)?.blobs.get(mount) : undefined
      if (mount && bytes) {
        repository(name).blobs.set(mount, bytes)
        response.writeHead(201, { location: `/v2/${name}/blobs/${mount}` }).end()
        return
      }
      const key = String(++started)
      uploads.set(key, { repository: name, bytes: Buffer.alloc(0) })
      response.writeHead(202, at(key)).end()
      return
    }
    const session = uploads.get(id)
    if (!session) return fail(response, 404, 'BLOB_UPLOAD_UNKNOWN', 'blob upload unknown to registry')
    const range = (): string => `0-${Math.max(0, session.bytes.byteLength - 1)}`
    if (request.method === 'GET') return void response.writeHead(204, { ...at(id), range: range() }).end()
    if (request.method === 'DELETE') {
      uploads.delete(id)
      return void response.writeHead(204).end()
    }
    const limit = options.bodyLimit ?? Number.POSITIVE_INFINITY
    if (Number(request.headers['content-length']) > limit) {
      request.resume()
      return fail(response, 413, 'SIZE_INVALID', 'too much at once')
    }
    const bytes = await bodyOf(request)
    registry.uploaded += bytes.byteLength
    if (request.method === 'PATCH') {
      const start = Number(request.headers['content-range']?.split('-')[0])
      if (start !== session.bytes.byteLength) return fail(response, 416, 'BLOB_UPLOAD_INVALID', 'out of order')
    }
    session.bytes = Buffer.concat([session.bytes, bytes])
    if (request.method === 'PATCH') return void response.writeHead(202, { ...at(id), range: range() }).end()
    const digest = url.searchParams.get('digest') as Digest
    if (digestOf(digest, session.bytes) !== digest || url.searchParams.get('state') !== 'a/b') {
      return fail(response, 400, 'DIGEST_INVALID', 'provided digest did not match uploaded content')
    }
    repository(name).blobs.set(digest, session.bytes)
    uploads.delete(id)
    response.writeHead(201, { location: `/v2/${name}/blobs/${digest}`, 'docker-content-digest': digest }).end()
  }
  return registry
}

/** In the algorithm of another digest. */
function digestOf(like: Digest, bytes: Uint8Array): string {
  const { algorithm } = digestParts(like)
  return `${algorithm}:${hash(algorithm, bytes, 'hex')}`
}

export function fail(response: ServerResponse, status: number, code: string, message: string): void {
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(JSON.stringify({ errors: [{ code, message, detail: null }] }))
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}
