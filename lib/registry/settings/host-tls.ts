// Reads the TLS files of registries that Docker and Podman use: `certs.d/HOST[:PORT]/` with `*.crt` (authorities),
// `*.cert` and `*.key` (client certificate).
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { errnoOf, hasErrno, isMissingFile } from '../../base/errno.ts'
import { TsbuildError } from '../../base/errors.ts'
import type { TlsOptions } from '../../http/types.ts'
import { configHome, dockerConfig, type Env } from '../config-directories.ts'

/**
 * The TLS options of a host: the files of the first directory that has some, and whether its certificate is checked.
 * Errors with `CREDENTIALS_INVALID` for unreadable files.
 */
export function tlsOf(env: Env, isInsecure: (host: string) => boolean): (host: string) => TlsOptions | undefined {
  return (host) => {
    if (isInsecure(host)) return { ...fromDirectories(host, env), insecure: true }
    return fromDirectories(host, env)
  }
}

function fromDirectories(host: string, env: Env): TlsOptions | undefined {
  // File names have no colons on Windows: Docker drops them there.
  const name = process.platform === 'win32' ? host.replace(':', '') : host
  for (const root of roots(env)) {
    const found = readDirectory(join(root, name))
    if (found) return found
  }
  return undefined
}

function roots(env: Env): readonly string[] {
  const own = ['docker', 'containers'].map((name) => join(configHome(env), name))
  return [dockerConfig(env), ...own, '/etc/docker', '/etc/containers'].map((directory) => join(directory, 'certs.d'))
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
    // A directory of the system that only root may read is not meant for this user.
    if (hasErrno(cause, 'EACCES') && path.startsWith('/etc/')) return undefined
    throw new TsbuildError('CREDENTIALS_INVALID', `${JSON.stringify(path)} can't be read: ${errnoOf(cause)}`, { cause })
  }
}
