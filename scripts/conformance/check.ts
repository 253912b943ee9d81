import { isDeepStrictEqual } from 'node:util'

/** A case of a corpus: a line of JSON. */
export type Case = Readonly<Record<string, unknown>>

/** Runs a case, and returns the difference from the recorded result, or undefined. */
export type Check = (record: Case) => string | undefined

/** Compares a result with the recorded one. */
export function compare(input: string, expected: unknown, actual: unknown): string | undefined {
  if (isDeepStrictEqual(actual, expected)) return undefined
  return `${shorten(JSON.stringify(input))}\nexpected ${shorten(JSON.stringify(expected))}\ngot      ${shorten(JSON.stringify(actual))}`
}

export function stringOf(value: unknown): string {
  if (typeof value !== 'string') throw new TypeError(`expected a string in a case, got ${JSON.stringify(value)}`)
  return value
}

export function recordOf(value: unknown): Case {
  if (typeof value !== 'object' || value === null)
    throw new TypeError(`expected an object, got ${JSON.stringify(value)}`)
  return value as Case
}

export function stringsOf(value: unknown): string[] {
  if (!Array.isArray(value)) throw new TypeError(`expected an array in a case, got ${JSON.stringify(value)}`)
  return value.map(stringOf)
}

const shorten = (text: string | undefined): string => {
  const shown = text ?? 'undefined'
  return shown.length > 1000 ? `${shown.slice(0, 1000)}…` : shown
}
