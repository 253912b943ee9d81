// Debian's docker-registry as a child process, on a free loopback port.
import { spawn } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { onTestFinished } from 'vitest'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { ISSUER, SERVICE } from './token-server.ts'

export interface DebianRegistryOptions {
  /** Lines as `htpasswd -B` writes them. */
  readonly htpasswd?: string
  /** Paths of PEM files. */
  readonly tls?: { readonly certificate: string; readonly key: string }
  /** The token server: its address, and the path of the certificate that it signs with. */
  readonly token?: { readonly realm: string; readonly certificate: string }
}

/** Whether it is installed. If not: false, after saying so; an error where `CI` is `true`. */
export function hasDebianRegistry(): boolean {
  if (existsSync('/usr/bin/docker-registry')) return true
  const reason = 'docker-registry is not installed'
  if (process.env['CI'] === 'true') throw new Error(`${reason}, and CI=true allows no skipped tests`)
  console.warn(`skipped: ${reason}`)
  return false
}

/** Starts it until the test ends, and gives `127.0.0.1:PORT`. */
export async function startDebianRegistry({ htpasswd, tls, token }: DebianRegistryOptions = {}): Promise<string> {
  const directory = temporaryDirectory()
  const host = `127.0.0.1:${await freePort()}`
  if (htpasswd !== undefined) writeFileSync(join(directory, 'htpasswd'), htpasswd)
  const config = {
    version: 0.1,
    log: { level: 'error', accesslog: { disabled: true } },
    storage: { filesystem: { rootdirectory: join(directory, 'data') }, delete: { enabled: true } },
    http: { addr: host, ...(tls && { tls: { certificate: tls.certificate, key: tls.key } }) },
    ...(htpasswd !== undefined && { auth: { htpasswd: { realm: 'test', path: join(directory, 'htpasswd') } } }),
    ...(token && {
      auth: { token: { realm: token.realm, service: SERVICE, issuer: ISSUER, rootcertbundle: token.certificate } },
    }),
  }
  // JSON is YAML.
  writeFileSync(join(directory, 'config.yml'), JSON.stringify(config))
  const child = spawn('/usr/bin/docker-registry', ['serve', join(directory, 'config.yml')], { stdio: 'ignore' })
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  onTestFinished(async () => {
    child.kill()
    await gone
  })
  await listening(`http://${host}/v2/`)
  return host
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

async function listening(url: string): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt++) {
    const answer = await fetch(url).catch(() => undefined)
    if (answer) return
    await sleep(50)
  }
  throw new Error(`nothing listens at ${url}`)
}
