// The results of steps, so that the same step need not run again.
import { join } from 'node:path'
import { digestParts, isDigest } from '../oci/digest.ts'
import type { JsonValue } from '../oci/json.ts'
import { jsonBytes } from '../oci/json.ts'
import type { CacheKey } from '../oci/types.ts'
import { namesIn, readJsonIfSound, writeAtomically } from './atomic-files.ts'
import { KEY_VERSION, type KeyPart } from './cache-key.ts'
import type { TemporaryFiles } from './temporary-files.ts'

/** The result of a step under its cache key. */
export interface BuildRecord {
  readonly key: CacheKey
  /** The version of the key. */
  readonly version: number
  /** The step as text, e.g. `COPY . /src`. */
  readonly step: string
  /** The time of the result (RFC 3339). */
  readonly created: string
  /** The parts of the key: they explain why another key differs. */
  readonly parts: readonly KeyPart[]
  /** The result, in a format of the step's own. Its reader checks it, since it comes from a file. */
  readonly result: JsonValue
}

/** The build records of a store. */
export interface Records {
  /** The record of a key. A damaged record, or one of another key version, counts as absent. */
  find(key: CacheKey): BuildRecord | undefined
  /** Saves a record, atomically. It replaces an older record with the same key. */
  save(record: BuildRecord): void
}

/** The records in the store at `root`, each with its file. */
export function* readRecords(root: string): Generator<{ readonly path: string; readonly record: BuildRecord }> {
  for (const path of recordPaths(root)) {
    const record = readJsonIfSound(path)
    if (isRecord(record)) yield { path, record }
  }
}

/** The files of all records, and whether each has a record. */
export function recordFiles(root: string): readonly { readonly path: string; readonly isSound: boolean }[] {
  return recordPaths(root).map((path) => ({ path, isSound: isRecord(readJsonIfSound(path)) }))
}

function recordPaths(root: string): readonly string[] {
  const directory = join(root, 'records')
  return namesIn(directory).flatMap((start) =>
    namesIn(join(directory, start)).map((name) => join(directory, start, name)),
  )
}

export function openRecords(root: string, temporary: TemporaryFiles): Records {
  const file = (key: CacheKey): string => {
    const { hex } = digestParts(key)
    return join(root, 'records', hex.slice(0, 2), `${hex}.json`)
  }
  return {
    find: (key) => {
      const value = readJsonIfSound(file(key))
      return isRecord(value) && value.key === key && value.version === KEY_VERSION ? value : undefined
    },
    save: (record) => {
      const { key, version, step, created, result } = record
      const parts = record.parts.map(({ label, value }) => ({ label, value }))
      writeAtomically(file(key), temporary.path(), jsonBytes({ key, version, step, created, parts, result }))
    },
  }
}

function isRecord(value: unknown): value is BuildRecord {
  if (typeof value !== 'object' || value === null) return false
  const { key, version, step, created, parts, result } = value as Readonly<Record<string, unknown>>
  return (
    isDigest(key) &&
    typeof version === 'number' &&
    typeof step === 'string' &&
    typeof created === 'string' &&
    Array.isArray(parts) &&
    parts.every(isPart) &&
    result !== undefined
  )
}

function isPart(value: unknown): value is KeyPart {
  if (typeof value !== 'object' || value === null) return false
  const { label, value: text } = value as Readonly<Record<string, unknown>>
  return typeof label === 'string' && typeof text === 'string'
}
