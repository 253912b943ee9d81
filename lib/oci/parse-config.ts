// Image configs from bytes that somebody else wrote.
import {
  arrayAt,
  at,
  booleanAt,
  fail,
  integerAt,
  objectAt,
  optional,
  type Place,
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
  const place: Place = { code: 'IMAGE_INVALID', what, path: '' }
  const object = objectAt(parseJson(bytes, 'IMAGE_INVALID', what), place)
  const rootfsPlace = at(place, 'rootfs')
  const rootfs = objectAt(object['rootfs'], rootfsPlace)
  if (rootfs['type'] !== 'layers') throw fail(at(rootfsPlace, 'type'), '"layers"', rootfs['type'])
  // Docker writes null for an image without layers.
  const diffIDs = optional(rootfs, 'diff_ids', rootfsPlace, (v, p) => arrayAt(v, p, digestAt)).diff_ids ?? []
  return {
    ...parsePlatformObject(object, place),
    ...optional(object, 'created', place, timeAt),
    ...optional(object, 'author', place, stringAt),
    ...optional(object, 'config', place, parseContainerConfig),
    rootfs: { type: 'layers', diff_ids: diffIDs as readonly DiffID[] },
    ...optional(object, 'history', place, (v, p) => arrayAt(v, p, parseHistory)),
  }
}

function parseContainerConfig(value: unknown, place: Place): ContainerConfig {
  const object = objectAt(value, place)
  return {
    ...optional(object, 'User', place, stringAt),
    ...optional(object, 'ExposedPorts', place, emptyRecord),
    ...optional(object, 'Env', place, stringsAt),
    ...optional(object, 'Entrypoint', place, stringsAt),
    ...optional(object, 'Cmd', place, stringsAt),
    ...optional(object, 'Volumes', place, emptyRecord),
    ...optional(object, 'WorkingDir', place, stringAt),
    ...optional(object, 'Labels', place, stringRecordAt),
    ...optional(object, 'StopSignal', place, stringAt),
    ...optional(object, 'ArgsEscaped', place, booleanAt),
    ...optional(object, 'Healthcheck', place, parseHealthcheck),
    ...optional(object, 'Shell', place, stringsAt),
    ...optional(object, 'OnBuild', place, stringsAt),
  }
}

function parseHealthcheck(value: unknown, place: Place): Healthcheck {
  const object = objectAt(value, place)
  return {
    Test: optional(object, 'Test', place, stringsAt).Test ?? [],
    ...optional(object, 'Interval', place, integerAt),
    ...optional(object, 'Timeout', place, integerAt),
    ...optional(object, 'StartPeriod', place, integerAt),
    ...optional(object, 'StartInterval', place, integerAt),
    ...optional(object, 'Retries', place, integerAt),
  }
}

function parseHistory(value: unknown, place: Place): History {
  const object = objectAt(value, place)
  return {
    ...optional(object, 'created', place, timeAt),
    ...optional(object, 'created_by', place, stringAt),
    ...optional(object, 'author', place, stringAt),
    ...optional(object, 'comment', place, stringAt),
    ...optional(object, 'empty_layer', place, booleanAt),
  }
}

function emptyRecord(value: unknown, place: Place): Readonly<Record<string, Record<string, never>>> {
  return recordAt(value, place, (v, p) => {
    objectAt(v, p)
    return {}
  })
}

function timeAt(value: unknown, place: Place): string {
  const text = stringAt(value, place)
  if (/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}/.test(text) && !Number.isNaN(Date.parse(text))) return text
  throw fail(place, 'an RFC 3339 time', text)
}
