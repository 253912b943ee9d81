import { type ErrorCode, TsbuildError } from '../base/errors.ts'
import { readUpTo } from '../http/read-body.ts'
import { formatStatus, oneLine } from '../http/status-error.ts'
import type { HttpResponse } from '../http/types.ts'
import type { RegistryClient } from './client.ts'
import type { RepositoryName } from './hosts.ts'

export interface Asked {
  /** The operation that failed, for the message: `pulling "alpine:3.20"`. */
  readonly doing: string
  readonly repository: RepositoryName
  readonly actions: 'pull' | 'pull,push'
  readonly client: RegistryClient
  /** The error code of a 404 response. */
  readonly missing?: ErrorCode
}

const READ = 64 << 10

/**
 * The error for a registry's response. Its message has the operation and the registry's own explanation, its hint the
 * credentials sent and what to try. `REGISTRY_AUTH` for 401 and 403, the given code for 404, else `HTTP_STATUS`.
 * Reads the body.
 */
export async function registryError(response: HttpResponse, asked: Asked): Promise<TsbuildError> {
  const { doing, repository, actions, client, missing } = asked
  const { status } = response
  const said = await spoken(response)
  const host = new URL(response.url).host
  const message = `${doing} failed: ${host} answered ${formatStatus(status)}${said ? `: ${said}` : ''}`
  if (status === 401 || status === 403) {
    const name = missing ? '; check the name, too: some registries answer so for what is not there' : ''
    const hint = `asked for repository:${repository.path}:${actions}; ${client.explain(repository)}${name}`
    return new TsbuildError('REGISTRY_AUTH', message, { hint })
  }
  if (status === 404 && missing) return new TsbuildError(missing, message, { hint: 'check name and tag' })
  return new TsbuildError('HTTP_STATUS', message, { hint: hintFor(response, repository) })
}

function hintFor({ status, headers }: HttpResponse, { domain }: RepositoryName): string | undefined {
  if (status === 429) {
    const after = headers.get('retry-after')
    const wait = after === undefined ? 'wait' : `wait (it says ${JSON.stringify(after)})`
    return `the registry limits how much may be asked: ${wait}, or log in with "tsbuild login${domain === 'docker.io' ? '' : ` ${domain}`}"`
  }
  return status >= 500 ? 'the registry has a problem; it was asked several times' : undefined
}

/** The errors of distribution-spec's JSON as `CODE: message`, else the start of a plain text. HTML is left out. */
async function spoken(response: HttpResponse): Promise<string> {
  if (response.method === 'HEAD') {
    await response.discard()
    return ''
  }
  const { bytes } = await readUpTo(response.body, READ)
  const text = bytes.toString()
  const errors = errorsIn(text)
  if (errors.length > 0) return oneLine(errors.join('; '))
  const isText = /^text\/plain/i.test(response.headers.get('content-type') ?? '')
  return isText && !/^\s*</.test(text) ? oneLine(text) : ''
}

function errorsIn(text: string): readonly string[] {
  const value = parsed(text)
  if (typeof value !== 'object' || value === null) return []
  const list: unknown = 'errors' in value ? value.errors : undefined
  if (!Array.isArray(list)) return []
  return list.slice(0, 3).flatMap((item: unknown) => {
    if (typeof item !== 'object' || item === null) return []
    const parts = [stringIn(item, 'code'), stringIn(item, 'message')]
    return parts.filter((part) => part !== '').join(': ') || []
  })
}

function stringIn(item: object, key: 'code' | 'message'): string {
  const value: unknown = key in item ? (item as Record<string, unknown>)[key] : undefined
  return typeof value === 'string' ? value : ''
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}
