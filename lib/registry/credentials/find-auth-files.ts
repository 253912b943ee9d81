import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { errnoOf, isMissingFile } from '../../base/errno.ts'
import { TsbuildError } from '../../base/errors.ts'
import { configHome, dockerConfig, type Env } from '../config-directories.ts'
import { type AuthFile, parseAuthFile } from './parse-auth-file.ts'

/**
 * The files that may have credentials, in order of precedence: the JSON in `$DOCKER_AUTH_CONFIG`,
 * `$REGISTRY_AUTH_FILE`, Docker's file, Podman's. Errors with `CREDENTIALS_INVALID` for an unreadable file.
 */
export function authFiles(env: Env): readonly AuthFile[] {
  const inline = env['DOCKER_AUTH_CONFIG']
  const files = [...new Set([env['REGISTRY_AUTH_FILE'], dockerConfigPath(env), ...podmanPaths(env)])]
  return [
    ...(inline ? [parseAuthFile(Buffer.from(inline), '$DOCKER_AUTH_CONFIG')] : []),
    ...files.flatMap((path) => {
      const bytes = path ? readAuthFile(path) : undefined
      return bytes ? [parseAuthFile(bytes, JSON.stringify(path))] : []
    }),
  ]
}

/** The file that `login` writes: `$REGISTRY_AUTH_FILE`, else Docker's. */
export function loginPath(env: Env): string {
  return env['REGISTRY_AUTH_FILE'] || dockerConfigPath(env)
}

/** The file's bytes; undefined if it does not exist or is empty. Errors with `CREDENTIALS_INVALID`. */
export function readAuthFile(path: string): Uint8Array | undefined {
  try {
    const bytes = readFileSync(path)
    return bytes.byteLength === 0 ? undefined : bytes
  } catch (cause) {
    if (isMissingFile(cause)) return undefined
    throw new TsbuildError('CREDENTIALS_INVALID', `${JSON.stringify(path)} can't be read: ${errnoOf(cause)}`, { cause })
  }
}

function dockerConfigPath(env: Env): string {
  return join(dockerConfig(env), 'config.json')
}

function podmanPaths(env: Env): readonly (string | undefined)[] {
  const runtime = env['XDG_RUNTIME_DIR']
  return [runtime && join(runtime, 'containers/auth.json'), join(configHome(env), 'containers/auth.json')]
}
