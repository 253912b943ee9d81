import type { Word } from '../types.ts'
import { skipSpace } from '../white-space.ts'
import { type LogicalLine, wordAt } from './logical-line.ts'

/**
 * The strings of a JSON array; `others` for an array with other elements; `none` for anything else, which is
 * shell form.
 */
export type JsonForm =
  | { readonly kind: 'strings'; readonly words: readonly Word[] }
  | { readonly kind: 'others' }
  | { readonly kind: 'none' }

/**
 * Reads `[from, to)` as the JSON form (exec form) of an instruction's arguments. The spans of the words include
 * the quotes.
 */
export function readJsonForm(line: LogicalLine, from: number, to: number): JsonForm {
  from = skipSpace(line.text, from, to)
  if (line.text.charAt(from) !== '[' || line.text.charAt(to - 1) !== ']') return { kind: 'none' }
  const values = parseJson(line.text.slice(from, to))
  if (!Array.isArray(values)) return { kind: 'none' }
  if (!values.every((value) => typeof value === 'string')) return { kind: holdsHugeNumber(values) ? 'none' : 'others' }
  let at = from + 1
  const words = values.map((value) => {
    const start = line.text.indexOf('"', at)
    at = endOfString(line.text, start)
    return wordAt(line, start, at, wellFormed(value))
  })
  return { kind: 'strings', words }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // Anything but JSON is shell form, as in `RUN [ -f /x ]`.
    return undefined
  }
}

/** The offset after a well-formed string that starts at `start`. */
function endOfString(text: string, start: number): number {
  let at = start + 1
  while (text.charAt(at) !== '"') at += text.charAt(at) === '\\' ? 2 : 1
  return at + 1
}

/** Go rejects numbers beyond the range of a double, so an array with one is not JSON there. */
function holdsHugeNumber(values: readonly unknown[]): boolean {
  const left: unknown[] = [...values]
  while (left.length > 0) {
    const value = left.pop()
    if (typeof value === 'number' && !Number.isFinite(value)) return true
    if (typeof value === 'object' && value !== null) for (const inner of Object.values(value)) left.push(inner)
  }
  return false
}

/** Replaces lone surrogates, which `\ud800` can produce, by U+FFFD as Go does. */
function wellFormed(value: string): string {
  return value.replace(/[\ud800-\udbff][\udc00-\udfff]|[\ud800-\udfff]/g, (found) =>
    found.length === 2 ? found : '\ufffd',
  )
}
