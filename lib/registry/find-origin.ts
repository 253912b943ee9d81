import { TsbuildError } from '../base/errors.ts'
import { innermostErrno } from '../http/http-failed.ts'
import { readUpTo } from '../http/read-body.ts'
import type { HttpClient } from '../http/types.ts'
import { apiHost, isLocal, type Transport } from './hosts.ts'

/**
 * Where a registry is: https:, but for one on this machine, which is asked whether it speaks plain HTTP, and one that may be insecure, which
 * is asked whether it speaks TLS. Errors with `HTTP_FAILED` when it can't be reached.
 */
export async function findOrigin(
  domain: string,
  { plainHttp, insecure }: Transport,
  http: HttpClient,
  signal: AbortSignal | undefined,
): Promise<string> {
  const host = apiHost(domain)
  const [plain, secure] = [`http://${host}`, `https://${host}`]
  if (plainHttp) return plain
  if (isLocal(domain)) return (await wantsTls(plain, http, signal)) ? secure : plain
  if (insecure) return (await speaksTls(secure, http, signal)) ? secure : plain
  return secure
}

async function wantsTls(plain: string, http: HttpClient, signal: AbortSignal | undefined): Promise<boolean> {
  try {
    const response = await http.request({ url: `${plain}/v2/`, redirects: 0, idempotent: false, signal })
    if (response.status !== 400) {
      await response.discard()
      return false
    }
    // Servers written in Go answer so; others just hang up.
    const { bytes } = await readUpTo(response.body, 1000)
    return /https/i.test(bytes.toString())
  } catch (error) {
    signal?.throwIfAborted()
    if (failedWith(error, /^(?:ECONNRESET|UND_ERR_SOCKET|HPE_\w+)$/)) return true
    throw error
  }
}

async function speaksTls(secure: string, http: HttpClient, signal: AbortSignal | undefined): Promise<boolean> {
  try {
    await (await http.request({ url: `${secure}/v2/`, redirects: 0, idempotent: false, signal })).discard()
    return true
  } catch (error) {
    signal?.throwIfAborted()
    // Also where nothing listens at port 443: it may at 80.
    if (failedWith(error, /^(?:ECONN\w+|EPROTO|ERR_SSL_\w+|UND_ERR_SOCKET|UND_ERR_CONNECT_TIMEOUT)$/)) return false
    throw error
  }
}

function failedWith(error: unknown, codes: RegExp): boolean {
  return error instanceof TsbuildError && codes.test(innermostErrno(error) ?? '')
}
