// Parses the flags of `docker buildx build` that concern RUN. All functions error with `OPTION_INVALID`.
import { statSync } from 'node:fs'
import { isIP } from 'node:net'
import { TsbuildError } from '../base/errors.ts'
import { suggest } from '../base/suggest.ts'
import { readCsv } from '../parser/instructions/csv.ts'
import { parseSize } from '../parser/instructions/parse-size.ts'
import type { Entitlement, ResourceLimit, SecretSource } from './build-options.ts'

/**
 * Parses `--secret id=ID[,src=FILE][,env=NAME][,type=file|env]`. As in docker, an id alone means the variable
 * of that name in `env` if it is set, else the file of that name.
 */
export function parseSecret(
  text: string,
  env: Readonly<Record<string, string | undefined>> = process.env,
): { readonly id: string; readonly source: SecretSource } {
  const fields = readFields('secret', text, ['id', 'src', 'source', 'env', 'type'])
  const id = fields.get('id') ?? ''
  if (id === '') throw invalid('secret', text, 'the id is missing', 'write --secret id=NAME,src=FILE')
  const type = fields.get('type') ?? ''
  if (!['', 'file', 'env'].includes(type)) throw invalid('secret', text, `the type must be file or env, not ${type}`)
  const file = fields.get('src') ?? fields.get('source') ?? ''
  const name = fields.get('env') ?? (type === 'env' && file !== '' ? file : '')
  if (name !== '') return { id, source: { kind: 'env', name } }
  if (file !== '') return { id, source: { kind: 'file', path: file } }
  if (type === 'env' && env[id] === undefined)
    throw invalid('secret', text, `the variable ${id} is not set`, `set ${id}`)
  const asVariable = type === 'env' || (type === '' && env[id] !== undefined)
  return { id, source: asVariable ? { kind: 'env', name: id } : { kind: 'file', path: id } }
}

/** Parses `--ssh ID[=SOCKET]`. The default socket is `$SSH_AUTH_SOCK`. */
export function parseSsh(
  text: string,
  env: Readonly<Record<string, string | undefined>> = process.env,
): { readonly id: string; readonly socket: string } {
  const equals = text.indexOf('=')
  const id = equals === -1 ? text : text.slice(0, equals)
  if (id === '') throw invalid('ssh', text, 'the id is missing', 'write --ssh default')
  const given = equals === -1 ? '' : text.slice(equals + 1)
  const socket = given === '' ? (env['SSH_AUTH_SOCK'] ?? '') : given
  if (socket === '')
    throw invalid(
      'ssh',
      text,
      '$SSH_AUTH_SOCK is not set',
      'start an ssh agent, or name its socket with --ssh ID=SOCKET',
    )
  if (!statSync(socket, { throwIfNoEntry: false })?.isSocket()) {
    throw invalid('ssh', text, `${JSON.stringify(socket)} is not a socket`, 'load a key into an agent with ssh-add')
  }
  return { id, socket }
}

/**
 * Parses `--add-host HOST:ADDRESS` or `HOST=ADDRESS`. An IPv6 address may be in brackets; `host-gateway` is the
 * host itself.
 */
export function parseAddHost(text: string): { readonly host: string; readonly address: string } {
  const [, host = '', written = ''] = /^([^:=]+)[:=](.+)$/.exec(text) ?? []
  const address = written.replace(/^\[(.*)\]$/, '$1')
  if (host !== '' && !/\s/.test(host) && (isIP(address) !== 0 || address === 'host-gateway')) return { host, address }
  throw invalid('add-host', text, 'expected HOST:ADDRESS', 'write --add-host db:10.0.0.5')
}

/** The names of setrlimit(2), without their prefix. */
const LIMITS = [
  ...['core', 'cpu', 'data', 'fsize', 'locks', 'memlock', 'msgqueue', 'nice', 'nofile', 'nproc', 'rss', 'rtprio'],
  ...['rttime', 'sigpending', 'stack', 'as'],
]

/** Parses `--ulimit NAME=SOFT[:HARD]`; -1 means no limit. */
export function parseUlimit(text: string): ResourceLimit {
  const [, name = '', first, second = first] = /^([a-z]+)=(-?\d{1,18})(?::(-?\d{1,18}))?$/.exec(text) ?? []
  if (first === undefined) throw invalid('ulimit', text, 'expected NAME=SOFT[:HARD]', 'write --ulimit nofile=1024:4096')
  if (!LIMITS.includes(name)) {
    const near = suggest(name, LIMITS)
    throw invalid('ulimit', text, `there is no limit named ${name}`, near && `did you mean ${near}?`)
  }
  const [soft, hard] = [Number(first), Number(second)]
  if (soft < -1 || hard < -1) throw invalid('ulimit', text, 'a limit must be 0 or more, or -1 for no limit')
  if (hard !== -1 && (soft > hard || soft === -1)) throw invalid('ulimit', text, 'the soft limit is above the hard one')
  return { name, soft, hard }
}

/** Parses a size to bytes: `128m`, `1g`, or a number of bytes. */
export function parseBytes(flag: string, text: string): number {
  const bytes = parseSize(text)
  if (bytes !== undefined && Number.isSafeInteger(bytes)) return bytes
  throw invalid(flag, text, 'expected a size', `write --${flag} 128m`)
}

const ENTITLEMENTS: readonly Entitlement[] = ['network.host', 'security.insecure']

export function parseEntitlement(text: string): Entitlement {
  const known = ENTITLEMENTS.find((entitlement) => entitlement === text)
  if (known) return known
  throw invalid('allow', text, `expected ${ENTITLEMENTS.join(' or ')}`)
}

function readFields(flag: string, text: string, names: readonly string[]): ReadonlyMap<string, string> {
  const fields = new Map<string, string>()
  const read = readCsv(text)
  if (typeof read === 'string') throw invalid(flag, text, read)
  for (const { value: field } of read) {
    const equals = field.indexOf('=')
    const name = field
      .slice(0, equals === -1 ? undefined : equals)
      .trim()
      .toLowerCase()
    if (equals === -1) throw invalid(flag, text, `the field ${JSON.stringify(field)} must be key=value`)
    if (!names.includes(name)) {
      const near = suggest(name, names)
      throw invalid(flag, text, `unexpected key ${JSON.stringify(name)}`, near && `did you mean ${near}?`)
    }
    fields.set(name, field.slice(equals + 1))
  }
  return fields
}

function invalid(flag: string, text: string, why: string, hint?: string): TsbuildError {
  return new TsbuildError('OPTION_INVALID', `--${flag} can't be ${JSON.stringify(text)}: ${why}`, { hint })
}
