// What Docker and Podman keep for a registry's TLS: `certs.d/HOST[:PORT]/` with `*.crt` (authorities), `*.cert` and `*.key` (ours).
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { errnoOf, hasErrno, isMissingFile } from '../../base/errno.ts'
import { TsbuildError } from '../../base/errors.ts'
import type { TlsOptions } from '../../http/types.ts'
import { configHome, dockerConfig, type Env } from '../config-directories.ts'

/** For each host, what the first directory that has something for it says, and whether its certificate is checked. Errors with `CREDENTIALS_INVALID` for unreadable files. */
export function tlsOf(env: Env, isInsecure: (host: string) => boolean): (host: string) => TlsOptions | undefined {
  return (host) => {
    if (isInsecure(host)) return { ...fromDirectories(host, env), insecure: true }
    return fromDirectories(host, env)
  }
}

function fromDirectories(host: string, env: Env): TlsOptions | undefined {
  // Windows has no colons in file names: Docker leaves them out there.
  const name = process.platform === 'win32' ? host.replace(':', '') : host
  for (const root of roots(env)) {
    const found = readDirectory(join(root, name))
    if (found) return found
  }
  return undefined
}

function roots(env: Env): readonly string[] {
  const own = ['docker', 'containers'].map((name) => join(configHome(env), name))
  return [dockerConfig(env), ...own, '/etc/docker', '/etc/containers'].map((place) => join(place, 'certs.d'))
}

function readDirectory(directory: string): TlsOptions | undefined {
  const names = reading(directory, () => readdirSync(directory).sort()) ?? []
  const read = (name: string): string => reading(name, () => readFileSync(join(directory, name), 'utf8')) ?? ''
  const ca = names.filter((name) => name.endsWith('.crt')).map(read)
  const cert = names.find((name) => name.endsWith('.cert'))
  if (cert === undefined) return ca.length > 0 ? { ca } : undefined
  const key = `${cert.slice(0, -5)}.key`
  if (names.includes(key)) return { ca, cert: read(cert), key: read(key) }
  throw new TsbuildError('CREDENTIALS_INVALID', `${JSON.stringify(join(directory, cert))} has no ${key} beside it`)
}

function reading<T>(path: string, action: () => T): T | undefined {
  try {
    return action()
  } catch (cause) {
    if (isMissingFile(cause)) return undefined
    // Some make the system's directories root's alone; what is in them is not meant for us.
    if (hasErrno(cause, 'EACCES') && path.startsWith('/etc/')) return undefined
    throw new TsbuildError('CREDENTIALS_INVALID', `${JSON.stringify(path)} can't be read: ${errnoOf(cause)}`, { cause })
  }
}
