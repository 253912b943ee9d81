import { TsbuildError } from '../base/errors.ts'
import { suggest } from '../base/suggest.ts'
import { parseBoolean } from './instructions/parse-boolean.ts'
import { parseSize } from './instructions/parse-size.ts'
import { MOUNT_TYPES } from './instructions/read-mounts.ts'
import type { Mount, MountType } from './types.ts'

/** A `--mount` with expanded and checked values. Strings that are not given are empty. */
export interface ResolvedMount {
  readonly type: MountType
  readonly from: string
  readonly source: string
  readonly target: string
  readonly id: string
  readonly readonly: boolean
  /** Bytes; 0 for no limit. */
  readonly size: number
  readonly sharing: 'shared' | 'private' | 'locked' | undefined
  readonly required: boolean
  /** The variable for a secret; empty for the default name; undefined if the secret is only a file. */
  readonly env: string | undefined
  readonly mode: number | undefined
  readonly uid: number | undefined
  readonly gid: number | undefined
}

type Writable = { -readonly [Key in keyof ResolvedMount]: ResolvedMount[Key] }

const SHARINGS = ['shared', 'private', 'locked'] as const

const KEYS = [
  ...['type', 'from', 'source', 'src', 'target', 'dst', 'destination', 'readonly', 'ro', 'readwrite', 'rw'],
  ...['required', 'size', 'id', 'sharing', 'mode', 'uid', 'gid', 'env'],
]

/**
 * Expands the values of a mount and checks them as BuildKit does: in order, so that `required` and `size` must
 * come after the `type` to which they belong. Errors with `FLAG_INVALID`, without a location.
 *
 * @example
 * ```ts
 * import { parse, resolveMount } from '@tsbuild/tsbuild/parser'
 *
 * const [, run] = parse('FROM scratch\nRUN --mount=type=cache,target=/root/.npm npm ci\n').instructions
 * if (run?.kind === 'RUN') {
 *   for (const mount of run.mounts) console.log(resolveMount(mount, (value) => value).target) // /root/.npm
 * }
 * ```
 */
export function resolveMount(mount: Mount, expand: (value: string) => string): ResolvedMount {
  const result: Writable = {
    type: 'bind',
    from: '',
    source: '',
    target: '',
    id: '',
    readonly: true,
    size: 0,
    sharing: undefined,
    required: false,
    env: undefined,
    mode: undefined,
    uid: undefined,
    gid: undefined,
  }
  let isReadonly: boolean | undefined
  for (const { key, value: written } of mount.options) {
    if (written === undefined && !['readonly', 'readwrite', 'required'].includes(key)) {
      throw invalid(`the field ${JSON.stringify(key)} must be key=value`)
    }
    const value = written === undefined ? 'true' : expand(written)
    if (key === 'readonly') isReadonly = booleanOf(key, value)
    else if (key === 'readwrite') isReadonly = !booleanOf(key, value)
    else setOption(result, key, value)
  }
  result.readonly = isReadonly ?? (result.type !== 'cache' && result.type !== 'tmpfs')
  checkTogether(result)
  return result
}

function setOption(mount: Writable, key: string, value: string): void {
  switch (key) {
    case 'type':
      mount.type = choiceOf(key, value, MOUNT_TYPES)
      break
    case 'sharing':
      mount.sharing = choiceOf(key, value, SHARINGS)
      break
    case 'from':
    case 'source':
    case 'target':
    case 'id':
    case 'env':
      mount[key] = value
      break
    case 'required':
      requireType(mount, key, ['secret', 'ssh'])
      mount.required = booleanOf(key, value)
      break
    case 'size':
      requireType(mount, key, ['tmpfs'])
      mount.size = known(key, value, parseSize(value))
      break
    case 'mode':
      mount.mode = known(key, value, /^[0-7]+$/.test(value) ? unsigned(Number.parseInt(value, 8)) : undefined)
      break
    case 'uid':
    case 'gid':
      mount[key] = known(key, value, /^\d+$/.test(value) ? unsigned(Number(value)) : undefined)
      break
    default: {
      const match = suggest(key, KEYS)
      throw invalid(`unexpected key ${JSON.stringify(key)}`, match ? `did you mean ${match}?` : undefined)
    }
  }
}

/** Checks that depend on several options. */
function checkTogether({ type, mode, uid, gid, from, sharing, source, target, id }: ResolvedMount): void {
  if (type === 'bind' || type === 'tmpfs') {
    for (const [key, value] of Object.entries({ mode, uid, gid })) {
      if (value !== undefined) throw invalid(`${key} is not allowed for type=${type}`)
    }
  }
  if (type === 'secret') {
    if (from !== '') throw invalid('a secret can not have from')
    if (source === '' && target === '' && id === '') throw invalid('a secret needs id, source or target')
    if (source !== '' && id !== '') throw invalid('a secret can not have both source and id')
  }
  if (sharing !== undefined && type !== 'cache') throw invalid(`sharing is for type=cache, not for type=${type}`)
}

function choiceOf<Choice extends string>(key: string, value: string, choices: readonly Choice[]): Choice {
  const choice = choices.find((candidate) => candidate === value.toLowerCase())
  if (choice) return choice
  const match = suggest(value, choices)
  throw invalid(
    `unsupported ${key} ${JSON.stringify(value)}`,
    match ? `did you mean ${match}?` : `it is one of ${choices.join(', ')}`,
  )
}

function requireType(mount: ResolvedMount, key: string, types: readonly MountType[]): void {
  if (!types.includes(mount.type)) {
    throw invalid(
      `unexpected key ${JSON.stringify(key)} for type=${mount.type}`,
      `it must come after type=${types.join(' or type=')}`,
    )
  }
}

const booleanOf = (key: string, value: string): boolean => known(key, value, parseBoolean(value))

function known<T>(key: string, value: string, read: T | undefined): T {
  if (read === undefined) throw invalid(`invalid value ${JSON.stringify(value)} for ${key}`)
  return read
}

const unsigned = (number: number): number | undefined => (number < 2 ** 32 ? number : undefined)

const invalid = (reason: string, hint?: string): TsbuildError =>
  new TsbuildError('FLAG_INVALID', `invalid --mount: ${reason}`, { hint })
