// Records of the native helper's spec: strings, each ended by NUL; see native/README.md.
import { ALL_CAPABILITIES } from '../restrictions/capabilities.ts'
import type { ResourceLimit } from '../types.ts'

/** A key and its values. */
export type SpecRecord = readonly string[]

/** The bytes of a spec with these records. Errors with a RangeError if a string contains NUL. */
export function specBytes(records: readonly SpecRecord[]): Buffer {
  const strings = [['tsbuild-sandbox 1'], ...records, ['end']].flat()
  const broken = strings.find((text) => text.includes('\0'))
  if (broken !== undefined) throw new RangeError(`NUL in ${JSON.stringify(broken)}`)
  return Buffer.from(`${strings.join('\0')}\0`)
}

export function limitRecord({ name, soft, hard }: ResourceLimit): SpecRecord {
  return ['limit', name, limit(soft), limit(hard)]
}

const UNLIMITED = 2n ** 64n - 1n

/** -1 and Infinity stand for RLIM_INFINITY of setrlimit(2). */
function limit(value: number): string {
  return String(value < 0 || value === Number.POSITIVE_INFINITY ? UNLIMITED : BigInt(Math.trunc(value)))
}

/** A bit set of capabilities, in hexadecimal digits. */
export function capabilityBits(names: readonly string[]): string {
  return names.reduce((sum, name) => sum | (1n << BigInt(ALL_CAPABILITIES.indexOf(name))), 0n).toString(16)
}
