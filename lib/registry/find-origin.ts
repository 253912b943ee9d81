import { TsbuildError } from '../errors.ts'
import { readUpTo } from '../http/read-body.ts'
import type { HttpClient } from '../http/types.ts'
import { apiHost, isLocal } from './hosts.ts'

/**
 * Where a registry is: https:, but for one on this machine, which is asked whether it speaks plain HTTP. Errors with `HTTP_FAILED` when
 * it can't be reached.
 */
export async function findOrigin(domain: string, http: HttpClient, signal: AbortSignal | undefined): Promise<string> {
  const host = apiHost(domain)
  if (!isLocal(domain)) return `https://${host}`
  const plain = `http://${host}`
  try {
    const response = await http.request({ url: `${plain}/v2/`, redirects: 0, idempotent: false, signal })
    if (response.status !== 400) {
      await response.discard()
      return plain
    }
    // Servers written in Go answer so; others just hang up.
    const { bytes } = await readUpTo(response.body, 1000)
    return /https/i.test(bytes.toString()) ? `https://${host}` : plain
  } catch (error) {
    signal?.throwIfAborted()
    if (error instanceof TsbuildError && /\((?:ECONNRESET|UND_ERR_SOCKET|HPE_\w+)\)/.test(error.message)) {
      return `https://${host}`
    }
    throw error
  }
}
