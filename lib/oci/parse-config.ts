// Parses foreign image configs.
import {
  arrayAt,
  at,
  booleanAt,
  fail,
  integerAt,
  type JsonLocation,
  objectAt,
  optional,
  recordAt,
  stringAt,
  stringRecordAt,
  stringsAt,
} from './guard.ts'
import { parseJson } from './json.ts'
import { digestAt, parsePlatformObject } from './parse-manifest.ts'
import type { ContainerConfig, DiffID, Healthcheck, History, ImageConfig } from './types.ts'

/** Parses an image config; `null` counts as absent, unknown fields are left out. Errors with `IMAGE_INVALID`. */
export function parseConfig(bytes: Uint8Array, what: string): ImageConfig {
  const location: JsonLocation = { code: 'IMAGE_INVALID', what, path: '' }
  const object = objectAt(parseJson(bytes, 'IMAGE_INVALID', what), location)
  const rootfsLocation = at(location, 'rootfs')
  const rootfs = objectAt(object['rootfs'], rootfsLocation)
  if (rootfs['type'] !== 'layers') throw fail(at(rootfsLocation, 'type'), '"layers"', rootfs['type'])
  // Docker writes null for an image without layers.
  const diffIDs = optional(rootfs, 'diff_ids', rootfsLocation, (v, p) => arrayAt(v, p, digestAt)).diff_ids ?? []
  return {
    ...parsePlatformObject(object, location),
    ...optional(object, 'created', location, timeAt),
    ...optional(object, 'author', location, stringAt),
    ...optional(object, 'config', location, parseContainerConfig),
    rootfs: { type: 'layers', diff_ids: diffIDs as readonly DiffID[] },
    ...optional(object, 'history', location, (v, p) => arrayAt(v, p, parseHistory)),
  }
}

function parseContainerConfig(value: unknown, location: JsonLocation): ContainerConfig {
  const object = objectAt(value, location)
  return {
    ...optional(object, 'User', location, stringAt),
    ...optional(object, 'ExposedPorts', location, emptyRecord),
    ...optional(object, 'Env', location, stringsAt),
    ...optional(object, 'Entrypoint', location, stringsAt),
    ...optional(object, 'Cmd', location, stringsAt),
    ...optional(object, 'Volumes', location, emptyRecord),
    ...optional(object, 'WorkingDir', location, stringAt),
    ...optional(object, 'Labels', location, stringRecordAt),
    ...optional(object, 'StopSignal', location, stringAt),
    ...optional(object, 'ArgsEscaped', location, booleanAt),
    ...optional(object, 'Healthcheck', location, parseHealthcheck),
    ...optional(object, 'Shell', location, stringsAt),
    ...optional(object, 'OnBuild', location, stringsAt),
  }
}

function parseHealthcheck(value: unknown, location: JsonLocation): Healthcheck {
  const object = objectAt(value, location)
  return {
    Test: optional(object, 'Test', location, stringsAt).Test ?? [],
    ...optional(object, 'Interval', location, integerAt),
    ...optional(object, 'Timeout', location, integerAt),
    ...optional(object, 'StartPeriod', location, integerAt),
    ...optional(object, 'StartInterval', location, integerAt),
    ...optional(object, 'Retries', location, integerAt),
  }
}

function parseHistory(value: unknown, location: JsonLocation): History {
  const object = objectAt(value, location)
  return {
    ...optional(object, 'created', location, timeAt),
    ...optional(object, 'created_by', location, stringAt),
    ...optional(object, 'author', location, stringAt),
    ...optional(object, 'comment', location, stringAt),
    ...optional(object, 'empty_layer', location, booleanAt),
  }
}

function emptyRecord(value: unknown, location: JsonLocation): Readonly<Record<string, Record<string, never>>> {
  return recordAt(value, location, (v, p) => {
    objectAt(v, p)
    return {}
  })
}

function timeAt(value: unknown, location: JsonLocation): string {
  const text = stringAt(value, location)
  if (/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}/.test(text) && !Number.isNaN(Date.parse(text))) return text
  throw fail(location, 'an RFC 3339 time', text)
}
