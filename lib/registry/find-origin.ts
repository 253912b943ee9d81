import { TsbuildError } from '../base/errors.ts'
import { innermostErrno } from '../http/http-failed.ts'
import { readUpTo } from '../http/read-body.ts'
import type { HttpClient } from '../http/types.ts'
import { apiHost, isLocal, type Transport } from './hosts.ts'

/**
 * The origin of a registry: https:, with two exceptions. A registry on this machine is probed for plain HTTP, and an
 * insecure one is probed for TLS. Errors with `HTTP_FAILED` if the registry cannot be reached.
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
    // TLS servers written in Go respond 400 to plain HTTP; others just close the connection.
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
    // A registry without TLS may listen at port 80 only.
    if (failedWith(error, /^(?:ECONN\w+|EPROTO|ERR_SSL_\w+|UND_ERR_SOCKET|UND_ERR_CONNECT_TIMEOUT)$/)) return false
    throw error
  }
}

function failedWith(error: unknown, codes: RegExp): boolean {
  return error instanceof TsbuildError && codes.test(innermostErrno(error) ?? '')
}
