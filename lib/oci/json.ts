// Writes JSON as Go's encoding/json does, so that an image has the same digest whichever program writes it.
import { type ErrorCode, messageOf, TsbuildError } from '../base/errors.ts'

const HTML = /[<>&\u2028\u2029]/g

/**
 * A value to write. The keys of a Map keep their order, even those that look like numbers; undefined values are left
 * out.
 */
export type JsonValue =
  | string
  | number
  | boolean
  | null
  | readonly JsonValue[]
  | ReadonlyMap<string, JsonValue>
  | { readonly [key: string]: JsonValue | undefined }

/**
 * UTF-8 JSON in the given key order, with Go's escapes. `indent` is the number of spaces; by default all is on one
 * line.
 */
export function jsonBytes(value: JsonValue, indent = 0): Uint8Array {
  return Buffer.from(write(value, indent === 0 ? '' : `\n${' '.repeat(indent)}`, '\n'))
}

/** A record with its keys in the byte order of their UTF-8, as Go writes maps; undefined if it is empty. */
export function sortedMap<T>(record: Readonly<Record<string, T>> | undefined): ReadonlyMap<string, T> | undefined {
  const entries = Object.entries(record ?? {})
  if (entries.length === 0) return undefined
  return new Map(entries.sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b))))
}

/** Parses foreign JSON. Errors with the given code; the message names `what`. */
export function parseJson(bytes: Uint8Array, code: ErrorCode, what: string): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (cause) {
    const reason = messageOf(cause)
    throw new TsbuildError(code, `${what} is not JSON: ${reason}`, { cause })
  }
}

/** `step` is a line break with one level of indentation, or empty for one line; `line` the break at this level. */
function write(value: JsonValue, step: string, line: string): string {
  if (typeof value === 'string') {
    return JSON.stringify(value).replace(HTML, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)
  }
  if (value === null || typeof value !== 'object') return JSON.stringify(value)
  const inner = step === '' ? '' : line + step.slice(1)
  if (isArray(value))
    return enclose(
      '[]',
      value.map((item) => write(item, step, inner)),
      { step, line },
    )
  const entries = value instanceof Map ? [...value] : Object.entries(value)
  const colon = step === '' ? ':' : ': '
  const members = entries
    .filter((entry): entry is [string, JsonValue] => entry[1] !== undefined)
    .map(([key, member]) => `${write(key, step, inner)}${colon}${write(member, step, inner)}`)
  return enclose('{}', members, { step, line })
}

function enclose(
  [open, close]: '[]' | '{}',
  members: readonly string[],
  { step, line }: { readonly step: string; readonly line: string },
): string {
  if (members.length === 0 || step === '') return `${open}${members.join(',')}${close}`
  const inner = line + step.slice(1)
  return `${open}${inner}${members.join(`,${inner}`)}${line}${close}`
}

function isArray(value: object): value is readonly JsonValue[] {
  return Array.isArray(value)
}
