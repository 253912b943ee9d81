// Domains, hosts and transports of registries.
import type { Reference } from '../oci/reference.ts'

/** A repository: a reference without tag and digest. */
export interface RepositoryName extends Pick<Reference, 'domain' | 'path'> {
  /** The transport of a mirror; otherwise the settings decide by the name. */
  readonly transport?: Transport
}

/** The protocol between this program and a registry. */
export interface Transport {
  /** Use http: without probing. */
  readonly plainHttp: boolean
  /** Accept any certificate, and http: if the registry has no TLS. */
  readonly insecure: boolean
}

export const SECURE: Transport = { plainHttp: false, insecure: false }

/** The host and port of a registry's API. Docker Hub's API is not at `docker.io`. */
export function apiHost(domain: string): string {
  return domain === 'docker.io' ? 'registry-1.docker.io' : domain
}

/** Whether a registry is on this machine. Such registries speak plain HTTP by default. */
export function isLocal(domain: string): boolean {
  return /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d+)?$/.test(domain)
}

/** The key of a registry in credential stores. Docker Hub's is a historical URL. */
export function credentialKey(domain: string): string {
  return domain === 'docker.io' ? 'https://index.docker.io/v1/' : domain
}

/** The domain of a registry that the user typed. */
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
