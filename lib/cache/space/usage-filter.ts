// Filters of `du` and `prune`, in buildx's spelling: `type=regular`, `id!=…`, `description~=…`, `unused-for=24h`.
import { TsbuildError } from '../../base/errors.ts'
import { suggest } from '../../base/suggest.ts'
import { USAGE_TYPES, type UsageRecord } from './usage-record.ts'

export interface UsageFilter {
  readonly matches: (record: UsageRecord) => boolean
  /** Milliseconds of `until` or `unused-for`, the longest of several. */
  readonly unusedFor: number
}

const KEYS = ['description', 'id', 'inuse', 'private', 'shared', 'type', 'until', 'unused-for']

/**
 * Parses filters, all of which have to match. A value of several words with commas between them is several filters.
 * Errors with `OPTION_INVALID`.
 */
export function parseUsageFilters(texts: readonly string[]): UsageFilter {
  const matchers: ((record: UsageRecord) => boolean)[] = []
  let unusedFor = 0
  for (const text of texts.flatMap((value) => value.split(',')).filter((value) => value !== '')) {
    const [, key = '', operator, value = ''] = /^([^=!~]+)(?:(!=|~=|={1,2})(.*))?$/s.exec(text) ?? []
    if (!KEYS.includes(key)) throw unknownKey(text, key)
    if (key === 'until' || key === 'unused-for') {
      if (operator !== '=') throw invalid(text, `write ${key}=DURATION, e.g. ${key}=24h`)
      unusedFor = Math.max(unusedFor, milliseconds(text, value))
    } else matchers.push(matcher(text, { key, operator, value }))
  }
  return { matches: (record) => matchers.every((matches) => matches(record)), unusedFor }
}

interface Selector {
  readonly key: string
  readonly operator: string | undefined
  readonly value: string
}

function matcher(text: string, { key, operator, value }: Selector): (record: UsageRecord) => boolean {
  if (key === 'type' && operator !== '~=' && !(USAGE_TYPES as readonly string[]).includes(value)) {
    const near = suggest(value, USAGE_TYPES)
    throw invalid(text, near === undefined ? `the types are ${USAGE_TYPES.join(', ')}` : `did you mean type=${near}?`)
  }
  if (key === 'inuse' || key === 'shared' || key === 'private') {
    const wanted = !/^(?:0|f|false)$/i.test(value) !== (operator === '!=')
    const fact = ({ inUse, shared }: UsageRecord): boolean => (key === 'inuse' ? inUse : (key === 'shared') === shared)
    return (record) => fact(record) === wanted
  }
  if (operator === undefined) throw invalid(text, `write ${key}=VALUE`)
  const field = ({ id, type, description }: UsageRecord): string => {
    if (key === 'id') return id
    return key === 'type' ? type : description
  }
  if (operator === '~=') {
    const pattern = regularExpression(text, value)
    return (record) => pattern.test(field(record))
  }
  const equals = (record: UsageRecord): boolean =>
    key === 'id' ? record.id.startsWith(value) && value.length >= 4 : field(record) === value
  return operator === '!=' ? (record) => !equals(record) : equals
}

function regularExpression(text: string, pattern: string): RegExp {
  try {
    return new RegExp(pattern)
  } catch (error) {
    if (error instanceof SyntaxError) throw invalid(text, error.message)
    throw error
  }
}

const UNITS: ReadonlyMap<string, number> = new Map([
  ['ms', 1],
  ['s', 1000],
  ['m', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
])

/** A duration such as `24h`, `2h30m` or `7d`, in milliseconds. */
function milliseconds(text: string, value: string): number {
  if (!/^(?:\d+(?:\.\d+)?(?:ms|[smhd]))+$/.test(value)) throw invalid(text, 'a duration is e.g. 24h, 2h30m or 7d')
  return [...value.matchAll(/(\d+(?:\.\d+)?)(ms|[smhd])/g)].reduce(
    (sum, [, number, unit]) => sum + Number(number) * (UNITS.get(unit ?? '') ?? 0),
    0,
  )
}

function unknownKey(text: string, key: string): TsbuildError {
  const near = suggest(key, KEYS)
  return invalid(text, near === undefined ? `the keys are ${KEYS.join(', ')}` : `did you mean ${near}?`)
}

function invalid(text: string, hint: string): TsbuildError {
  return new TsbuildError('OPTION_INVALID', `the filter ${JSON.stringify(text)} is invalid`, { hint })
}
