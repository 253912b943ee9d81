// Compares the parts of a key with those of the last time.
import type { KeyPart } from '../../cache/cache-key.ts'
import { MAX_DETAILS, type Miss, someOf } from './miss.ts'

/** The kind of step that a RUN stands on. */
export type Below = 'cached' | 'built' | 'base'

/** The characters of a value that a line shows. */
const SHOWN = 40

/**
 * The reason why a RUN with these parts is not the one of the last time. Undefined if nothing differs: then the store
 * lost the layer.
 */
export function explainParts(now: readonly KeyPart[], before: readonly KeyPart[], below: Below): Miss | undefined {
  const old = new Map(before.map(({ label, value }) => [label, value]))
  const changes = now.flatMap(({ label, value }) => {
    const last = old.get(label)
    return last === undefined || last === value ? [] : describe(label, last, value, below)
  })
  const [first, ...others] = changes
  if (first === undefined) return undefined
  const reason = someOf(first, others.length, 'change')
  return { reason, details: others.length === 0 ? [] : changes.slice(0, MAX_DETAILS) }
}

function describe(label: string, before: string, now: string, below: Below): readonly string[] {
  switch (label) {
    case 'layers below':
      return [BELOW[below]]
    case 'environment':
      return variables(before, now)
    case 'mounts':
      return mounts(before, now)
    case 'timestamps':
      return [`SOURCE_DATE_EPOCH ${change(before, now)}`]
    default:
      return [`the ${label} ${change(before, now)}`]
  }
}

const BELOW: Readonly<Record<Below, string>> = {
  base: 'the base image is another one than the last time',
  built: 'a step before it was built',
  cached: 'the layers below are others than the last time',
}

function change(before: string, now: string): string {
  return before === ''
    ? `is ${shown(now)} now`
    : now === ''
      ? `was ${shown(before)}`
      : `was ${shown(before)}, is ${shown(now)}`
}

function shown(value: string): string {
  return JSON.stringify(value.length > SHOWN ? `${value.slice(0, SHOWN)}…` : value)
}

/** Lists of `NAME=VALUE`. */
function variables(before: string, now: string): readonly string[] {
  const old = new Map(listOf(before).map(pairOf))
  const current = new Map(listOf(now).map(pairOf))
  const gone = [...old].filter(([name]) => !current.has(name)).map(([name]) => `${name} is not set any more`)
  return [
    ...[...current].flatMap(([name, value]) => {
      const last = old.get(name)
      if (last === value) return []
      return last === undefined
        ? `${name} is set, to ${shown(value)}`
        : `${name} was ${shown(last)}, is ${shown(value)}`
    }),
    ...gone,
  ]
}

function pairOf(text: string): readonly [string, string] {
  const equals = text.indexOf('=')
  return [text.slice(0, equals), text.slice(equals + 1)]
}

/** Lists of `KIND TARGET …`. */
function mounts(before: string, now: string): readonly string[] {
  const [old, current] = [listOf(before), listOf(now)]
  const changed = current.filter((mount) => !old.includes(mount)).map((mount) => mount.split(' ').slice(0, 2))
  const names = changed.map(([kind, target]) => `the ${kind} mount at ${target} changed`)
  return names.length > 0 ? names : ['a mount is gone']
}

/** A JSON list of texts. Records are written by this program, so another shape counts as an empty list. */
function listOf(text: string): readonly string[] {
  if (!text.startsWith('[')) return []
  const value: unknown = JSON.parse(text)
  return Array.isArray(value) ? value.filter((item): item is string => typeof item === 'string') : []
}
