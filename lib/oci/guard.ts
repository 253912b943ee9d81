// Checks of values from JSON that somebody else wrote. What is there must have its type; null counts as absent, as in Go.
import { type ErrorCode, TsbuildError } from '../base/errors.ts'

/** Where a value was found, for messages: `manifest sha256:…: layers[2].size`. */
export interface Place {
  readonly code: ErrorCode
  readonly what: string
  readonly path: string
}

type JsonObject = Readonly<Record<string, unknown>>

export function at(place: Place, key: string | number): Place {
  const path = typeof key === 'number' ? `${place.path}[${key}]` : place.path ? `${place.path}.${key}` : key
  return { ...place, path }
}

export function fail(place: Place, expected: string, got: unknown): TsbuildError {
  return failWith(place, `must be ${expected}, got ${describe(got)}`)
}

export function failWith(place: Place, problem: string): TsbuildError {
  const subject = place.path ? `${place.what}: ${place.path}` : place.what
  return new TsbuildError(place.code, `${subject} ${problem}`)
}

export function objectAt(value: unknown, place: Place): JsonObject {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as JsonObject
  throw fail(place, 'an object', value)
}

export function arrayAt<T>(value: unknown, place: Place, item: (value: unknown, place: Place) => T): readonly T[] {
  if (!Array.isArray(value)) throw fail(place, 'an array', value)
  return value.map((element, index) => item(element, at(place, index)))
}

export function stringAt(value: unknown, place: Place): string {
  if (typeof value === 'string') return value
  throw fail(place, 'a string', value)
}

export function booleanAt(value: unknown, place: Place): boolean {
  if (typeof value === 'boolean') return value
  throw fail(place, 'true or false', value)
}

export function integerAt(value: unknown, place: Place): number {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value
  throw fail(place, 'a whole number', value)
}

export function stringsAt(value: unknown, place: Place): readonly string[] {
  return arrayAt(value, place, stringAt)
}

export function recordAt<T>(
  value: unknown,
  place: Place,
  member: (value: unknown, place: Place) => T,
): Readonly<Record<string, T>> {
  const entries = Object.entries(objectAt(value, place))
  return Object.fromEntries(entries.map(([key, v]) => [key, member(v, at(place, key))]))
}

export function stringRecordAt(value: unknown, place: Place): Readonly<Record<string, string>> {
  return recordAt(value, place, stringAt)
}

/** `{ [key]: checked value }`, or nothing where the value is absent or null. For spreading. */
export function optional<K extends string, T>(
  object: JsonObject,
  key: K,
  place: Place,
  check: (value: unknown, place: Place) => T,
): { readonly [P in K]?: T } {
  const value = object[key]
  if (value === undefined || value === null) return {}
  return { [key]: check(value, at(place, key)) } as { readonly [P in K]?: T }
}

function describe(value: unknown): string {
  if (value === undefined) return 'nothing'
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'an array'
  if (typeof value === 'object') return 'an object'
  const text = JSON.stringify(value)
  return text.length > 80 ? `${text.slice(0, 77)}…` : text
}
