import type { Report } from '../syntax/syntax-node.ts'
import type { Mount, MountOption, MountType } from '../types.ts'
import { type CsvField, readCsv } from './csv.ts'
import type { GivenFlag } from './read-flags.ts'

export const MOUNT_TYPES: readonly MountType[] = ['bind', 'cache', 'tmpfs', 'secret', 'ssh']

const CANONICAL_KEYS: ReadonlyMap<string, string> = new Map([
  ['src', 'source'],
  ['dst', 'target'],
  ['destination', 'target'],
  ['ro', 'readonly'],
  ['rw', 'readwrite'],
])

/**
 * Reads `--mount` flags. As in BuildKit, only the parts that cannot depend on a variable are checked;
 * `resolveMount` checks the rest.
 */
export function readMounts(flags: readonly GivenFlag[], report: Report): Mount[] {
  const mounts: Mount[] = []
  for (const { value, valueSpan } of flags) {
    const fields = readCsv(value)
    if (typeof fields === 'string') {
      report('FLAG_INVALID', `invalid --mount ${JSON.stringify(value)}: ${fields}`, valueSpan)
      continue
    }
    // If the flag has quotes, escapes or a continuation, offsets in its value do not correspond to offsets in
    // the source.
    const isExact = valueSpan.end - valueSpan.start === value.length
    const options = fields.map((field) => readOption(field, isExact ? valueSpan.start : undefined))
    for (const { key, value: from, valueSpan: span } of options) {
      if (key === 'from' && from !== undefined && holdsVariable(from)) {
        const hint = 'name the image with FROM image AS name, and use that name'
        report('FLAG_INVALID', `from=${from} can't hold a variable`, span ?? valueSpan, hint)
      }
    }
    mounts.push({ type: typeOf(options), options, span: valueSpan })
  }
  return mounts
}

function readOption({ value: field, from, exact }: CsvField, start: number | undefined): MountOption {
  const equals = field.indexOf('=')
  const written = (equals === -1 ? field : field.slice(0, equals)).toLowerCase()
  const key = CANONICAL_KEYS.get(written) ?? written
  if (equals === -1) return { key, value: undefined, valueSpan: undefined }
  const value = field.slice(equals + 1)
  const valueStart = (start ?? 0) + from + equals + 1
  const valueSpan = start === undefined || !exact ? undefined : { start: valueStart, end: valueStart + value.length }
  return { key, value, valueSpan }
}

function typeOf(options: readonly MountOption[]): MountType | undefined {
  const written =
    options.findLast(({ key, value }) => key === 'type' && value !== undefined)?.value?.toLowerCase() ?? 'bind'
  return MOUNT_TYPES.find((type) => type === written)
}

/** Whether a text has a variable. A `$` at the very end does not count, as in BuildKit. */
function holdsVariable(text: string): boolean {
  const dollar = text.indexOf('$')
  return dollar !== -1 && dollar < text.length - 1
}
