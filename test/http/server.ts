// A server in the test's process, and clients that never really wait.
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http'
import { createServer as createSecureServer, type ServerOptions } from 'node:https'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'
import { type HttpClient, type HttpClientOptions, openHttpClient } from '../../lib/http/client.ts'

export type { IncomingMessage, ServerResponse }

/** Listens on a free loopback port until the test ends, and gives the origin. */
export function serve(listener: RequestListener, tls?: ServerOptions): Promise<string> {
  return listen(tls ? createSecureServer(tls, listener) : createServer(listener), tls ? 'https' : 'http')
}

export async function listen(server: Server, scheme: string = 'http'): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}`
}

export interface TestClient extends HttpClient {
  /** The waits asked for, in milliseconds; none was waited for. */
  readonly waits: number[]
}

export function testClient(options: HttpClientOptions = {}): TestClient {
  const waits: number[] = []
  const wait = async (milliseconds: number): Promise<void> => {
    waits.push(milliseconds)
  }
  const client = openHttpClient({ env: {}, wait, ...options })
  onTestFinished(() => client.close())
  return { ...client, waits }
}

/** Sends half of an answer, then cuts the connection. */
export function cut(response: ServerResponse, body: Uint8Array, sent: number): void {
  response.setHeader('content-length', String(body.byteLength))
  response.write(body.subarray(0, sent), () => response.destroy())
}
