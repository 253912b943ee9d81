// Records of the use of the disk as text, in the form of `docker buildx du`.
import { formatSize } from '../../base/format-size.ts'
import type { UsageRecord } from '../../index.ts'
import { formatAge } from '../terminal/format-quantity.ts'
import { shortName } from '../terminal/short-names.ts'
import { tableLines } from '../terminal/table.ts'
import { printable } from '../terminal/text-width.ts'

interface Style {
  readonly color: boolean
}

const DESCRIPTION = 50

/** The records as a table. */
export function recordTable(records: readonly UsageRecord[], { color }: Style): string[] {
  const now = new Date()
  const rows = records.map((record) => [
    record.id.slice(0, 12),
    record.type,
    record.reclaimable ? 'true' : 'false',
    formatSize(record.size),
    formatAge(new Date(record.lastUsed), now),
    shortened(descriptionOf(record)),
  ])
  return tableLines(['ID', 'TYPE', 'RECLAIMABLE', 'SIZE', 'LAST USED', 'DESCRIPTION'], rows, { color })
}

/** A record in full. */
export function recordLines(record: UsageRecord): string[] {
  const fields = [
    ['ID', record.id],
    ['Type', record.type],
    ['Description', descriptionOf(record)],
    ['Reclaimable', String(record.reclaimable)],
    ['Shared', String(record.shared)],
    ['In use', String(record.inUse)],
    ['Size', formatSize(record.size)],
    ['Last used', `${formatAge(new Date(record.lastUsed), new Date())} (${record.lastUsed})`],
  ]
  return [...fields.map(([name, value]) => `${`${name}:`.padEnd(14)}${value}`), '']
}

/** The number and sizes of records of each type, as in `docker system df`. */
export function totalsTable(records: readonly UsageRecord[], { color }: Style): string[] {
  const types = [...new Set(records.map(({ type }) => type))].sort()
  const sum = (some: readonly UsageRecord[]): string => formatSize(some.reduce((all, { size }) => all + size, 0))
  const rows = types.map((type) => {
    const own = records.filter((record) => record.type === type)
    return [type, String(own.length), sum(own), sum(own.filter(({ reclaimable }) => reclaimable))]
  })
  return tableLines(['TYPE', 'COUNT', 'SIZE', 'RECLAIMABLE'], rows, { color })
}

/** A record with the names of fields that `docker buildx du --format json` has; sizes are numbers of bytes. */
export function recordJson(record: UsageRecord): Readonly<Record<string, unknown>> {
  return {
    ID: record.id,
    Type: record.type,
    Description: record.description,
    ...(record.names && { Names: record.names }),
    Size: record.size,
    LastUsedAt: record.lastUsed,
    InUse: record.inUse,
    Shared: record.shared,
    Reclaimable: record.reclaimable,
  }
}

function descriptionOf({ description, names }: UsageRecord): string {
  return printable(names?.map(shortName).join(', ') ?? description).replaceAll('\n', ' ')
}

function shortened(text: string): string {
  return text.length > DESCRIPTION ? `${text.slice(0, DESCRIPTION - 1)}…` : text
}
