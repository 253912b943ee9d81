// Where the registry of a name is.
import type { Reference } from '../oci/reference.ts'

/** A repository: what a reference names, without tag and digest. */
export interface RepositoryName extends Pick<Reference, 'domain' | 'path'> {
  /** For a mirror, which has its own; else it is what the settings say of the name. */
  readonly transport?: Transport
}

/** How a registry is spoken to. */
export interface Transport {
  /** http:, without asking. */
  readonly plainHttp: boolean
  /** Any certificate will do, and http: where there is no TLS. */
  readonly insecure: boolean
}

export const SECURE: Transport = { plainHttp: false, insecure: false }

/** Host and port of a registry's API: Docker Hub's is not at `docker.io`. */
export function apiHost(domain: string): string {
  return domain === 'docker.io' ? 'registry-1.docker.io' : domain
}

/** Whether a registry is on this machine: those speak plain HTTP by default. */
export function isLocal(domain: string): boolean {
  return /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d+)?$/.test(domain)
}

/** The name that credential stores have for a registry: Docker Hub's is a URL of long ago. */
export function credentialKey(domain: string): string {
  return domain === 'docker.io' ? 'https://index.docker.io/v1/' : domain
}

/** A registry as people write it, as the domain of a reference. */
export function toDomain(text: string): string {
  const host = text.replace(/^https?:\/\//i, '').replace(/\/(?:v[12]\/?)?$/, '')
  return DOCKER_HUB.has(host) ? 'docker.io' : host
}

const DOCKER_HUB: ReadonlySet<string> = new Set([
  'docker.io',
  'index.docker.io',
  'registry-1.docker.io',
  'registry.hub.docker.com',
  'hub.docker.com',
])
