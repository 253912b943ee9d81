// Checks values of foreign JSON. A value that is present must have its type; null counts as absent, as in Go.
import { type ErrorCode, TsbuildError } from '../base/errors.ts'

/** The position of a value in a JSON document, for messages: `manifest sha256:…: layers[2].size`. */
export interface JsonLocation {
  readonly code: ErrorCode
  readonly what: string
  readonly path: string
}

type JsonObject = Readonly<Record<string, unknown>>

export function at(location: JsonLocation, key: string | number): JsonLocation {
  const path = typeof key === 'number' ? `${location.path}[${key}]` : location.path ? `${location.path}.${key}` : key
  return { ...location, path }
}

export function fail(location: JsonLocation, expected: string, got: unknown): TsbuildError {
  return failWith(location, `must be ${expected}, got ${describe(got)}`)
}

export function failWith(location: JsonLocation, problem: string): TsbuildError {
  const subject = location.path ? `${location.what}: ${location.path}` : location.what
  return new TsbuildError(location.code, `${subject} ${problem}`)
}

export function objectAt(value: unknown, location: JsonLocation): JsonObject {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as JsonObject
  throw fail(location, 'an object', value)
}

export function arrayAt<T>(
  value: unknown,
  location: JsonLocation,
  item: (value: unknown, location: JsonLocation) => T,
): readonly T[] {
  if (!Array.isArray(value)) throw fail(location, 'an array', value)
  return value.map((element, index) => item(element, at(location, index)))
}

export function stringAt(value: unknown, location: JsonLocation): string {
  if (typeof value === 'string') return value
  throw fail(location, 'a string', value)
}

export function booleanAt(value: unknown, location: JsonLocation): boolean {
  if (typeof value === 'boolean') return value
  throw fail(location, 'true or false', value)
}

export function integerAt(value: unknown, location: JsonLocation): number {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value
  throw fail(location, 'a whole number', value)
}

export function stringsAt(value: unknown, location: JsonLocation): readonly string[] {
  return arrayAt(value, location, stringAt)
}

export function recordAt<T>(
  value: unknown,
  location: JsonLocation,
  member: (value: unknown, location: JsonLocation) => T,
): Readonly<Record<string, T>> {
  const entries = Object.entries(objectAt(value, location))
  return Object.fromEntries(entries.map(([key, v]) => [key, member(v, at(location, key))]))
}

export function stringRecordAt(value: unknown, location: JsonLocation): Readonly<Record<string, string>> {
  return recordAt(value, location, stringAt)
}

/** `{ [key]: checked value }`, or `{}` if the value is absent or null. For spreading into an object. */
export function optional<K extends string, T>(
  object: JsonObject,
  key: K,
  location: JsonLocation,
  check: (value: unknown, location: JsonLocation) => T,
): { readonly [P in K]?: T } {
  const value = object[key]
  if (value === undefined || value === null) return {}
  return { [key]: check(value, at(location, key)) } as { readonly [P in K]?: T }
}

function describe(value: unknown): string {
  if (value === undefined) return 'nothing'
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'an array'
  if (typeof value === 'object') return 'an object'
  const text = JSON.stringify(value)
  return text.length > 80 ? `${text.slice(0, 77)}…` : text
}
